import { describe, fieldError, TokenizerError, unsupportedError } from "./tokenizer-error.ts";

/** The files of a model's folder, each as its text or already parsed. */
export interface TokenizerFiles {
  /** `tokenizer.json`: vocabulary, merges, pre-tokenizer and added tokens. */
  readonly tokenizer: string | object;
  /** `tokenizer_config.json`, for the names of the beginning, end and padding tokens. */
  readonly tokenizerConfig?: string | object | undefined;
  /** `special_tokens_map.json`, asked for the names that `tokenizer_config.json` does not have. */
  readonly specialTokensMap?: string | object | undefined;
}

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  /** Of one that is not special: whether it takes in white space beside it, and is looked for in normalized text. */
  readonly lstrip?: unknown;
  readonly rstrip?: unknown;
  readonly normalized?: unknown;
}

/** What the files say, checked. */
export interface TokenizerDefinition {
  readonly vocabulary: Readonly<Record<string, number>>;
  readonly merges: readonly (readonly [string, string])[];
  readonly ignoreMerges: boolean;
  readonly addedTokens: readonly AddedToken[];
  /** As in the file; the library reads them. */
  readonly preTokenizer: object;
  readonly normalizer: object | null;
  /** Token texts by role: `bos`, `eos`, `pad`, `unk`. */
  readonly roles: Readonly<Partial<Record<TokenRole, string>>>;
}

export type TokenRole = "bos" | "eos" | "pad" | "unk";

type Fields = Readonly<Record<string, unknown>>;

const FILE = "tokenizer.json";

/** @throws {TokenizerError} naming the file and the field, when a file is damaged or of an unsupported kind. */
export function readTokenizerFiles(files: TokenizerFiles): TokenizerDefinition {
  const tokenizer = parse(FILE, files.tokenizer);
  const model = fields(FILE, "model", tokenizer.model);
  if (model.type !== undefined && model.type !== "BPE")
    throw unsupportedError(FILE, "model.type", '"BPE"', model.type);
  if (model.byte_fallback) throw unsupportedError(FILE, "model.byte_fallback", "false", model.byte_fallback);
  for (const affix of ["continuing_subword_prefix", "end_of_word_suffix"])
    if (model[affix]) throw unsupportedError(FILE, `model.${affix}`, "null", model[affix]);

  const decoder = fields(FILE, "decoder", tokenizer.decoder);
  if (decoder.type !== "ByteLevel") throw unsupportedError(FILE, "decoder.type", '"ByteLevel"', decoder.type);
  const preTokenizer = fields(FILE, "pre_tokenizer", tokenizer.pre_tokenizer);
  if (!isByteLevel(preTokenizer))
    throw unsupportedError(FILE, "pre_tokenizer", "one that ends in ByteLevel", preTokenizer);
  const normalizer = tokenizer.normalizer ? fields(FILE, "normalizer", tokenizer.normalizer) : null;

  return {
    vocabulary: fields(FILE, "model.vocab", model.vocab) as Record<string, number>,
    merges: readMerges(model.merges),
    ignoreMerges: model.ignore_merges === true,
    addedTokens: readAddedTokens(tokenizer.added_tokens, normalizer !== null),
    preTokenizer,
    normalizer,
    roles: readRoles(files),
  };
}

/** Merges are pairs, or in older files one string with a space between the two. */
function readMerges(merges: unknown): [string, string][] {
  if (!Array.isArray(merges)) throw fieldError(FILE, "model.merges", "a list of pairs", merges);
  return merges.map((merge: unknown, i) => {
    const pair = typeof merge === "string" ? merge.split(" ") : merge;
    if (Array.isArray(pair) && pair.length === 2 && pair.every((half) => typeof half === "string"))
      return pair as [string, string];
    throw fieldError(FILE, `model.merges[${i}]`, "a pair of tokens", merge);
  });
}

function readAddedTokens(list: unknown, isNormalized: boolean): AddedToken[] {
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) throw fieldError(FILE, "added_tokens", "a list", list);
  return list.map((entry: unknown, i) => {
    const field = `added_tokens[${i}]`;
    const { id, content, ...flags } = fields(FILE, field, entry);
    if (typeof content !== "string" || content === "")
      throw fieldError(FILE, `${field}.content`, "a non-empty string", content);
    if (!isId(id)) throw fieldError(FILE, `${field}.id`, "a token id", id);
    const special = flags.special === true;
    for (const flag of ["lstrip", "rstrip", "single_word"])
      if (special && flags[flag]) throw unsupportedError(FILE, `${field}.${flag}`, "false", flags[flag]);
    if (special && isNormalized && flags.normalized)
      throw unsupportedError(FILE, `${field}.normalized`, "false", flags.normalized);
    return { ...flags, id, content, special };
  });
}

function readRoles(files: TokenizerFiles): Partial<Record<TokenRole, string>> {
  const config = files.tokenizerConfig ? parse("tokenizer_config.json", files.tokenizerConfig) : {};
  const map = files.specialTokensMap ? parse("special_tokens_map.json", files.specialTokensMap) : {};
  const roles: Partial<Record<TokenRole, string>> = {};
  for (const role of ["bos", "eos", "pad", "unk"] as const) {
    const value = config[`${role}_token`] ?? map[`${role}_token`] ?? undefined;
    const text = typeof value === "object" ? (value as Fields).content : value;
    if (typeof text === "string") roles[role] = text;
  }
  return roles;
}

function isByteLevel(preTokenizer: Fields): boolean {
  if (preTokenizer.type === "ByteLevel") return true;
  const last = Array.isArray(preTokenizer.pretokenizers) ? preTokenizer.pretokenizers.at(-1) : undefined;
  return preTokenizer.type === "Sequence" && typeof last === "object" && last !== null && isByteLevel(last);
}

/** Ids index tables, so one absurd id in a damaged file must not allocate gigabytes. */
export function isId(id: unknown): id is number {
  return Number.isInteger(id) && (id as number) >= 0 && (id as number) < 2 ** 24;
}

function parse(file: string, source: string | object): Fields {
  if (typeof source !== "string") return fields(file, "(the whole file)", source);
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (cause) {
    throw new TokenizerError({
      code: "TOKENIZER_JSON",
      message: `${file} is not JSON: ${(cause as Error).message}. It starts with ${describe(source.slice(0, 40))}.`,
      file,
      expected: "JSON",
      cause,
    });
  }
  return fields(file, "(the whole file)", value);
}

function fields(file: string, field: string, value: unknown): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw fieldError(file, field, "an object", value);
}
