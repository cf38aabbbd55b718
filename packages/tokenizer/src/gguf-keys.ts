import { patternNames } from "./gguf.ts";
import { fieldError, unsupportedError } from "./tokenizer-error.ts";
import { isId, readTokenizerFiles, type TokenizerFiles, type TokenRole } from "./tokenizer-files.ts";

/** A key of a GGUF file's metadata, with the type of its value. */
export type TokenizerKey = readonly [
  key: string,
  type: "string" | "bool" | "u32" | "i32[]" | "string[]",
  value: string | boolean | number | readonly string[] | Int32Array,
];

export interface TokenizerKeyOptions {
  /** Tokens that the model has; those without a text are written as unused. */
  readonly vocabularySize?: number;
  /** The tokens at which the model ends its turn; the tokenizer's own unless given. GGUF has room for three. */
  readonly endTokens?: readonly number[];
}

// `tokenizer.ggml.token_type`, as in ggml's llama_token_type.
const NORMAL = 1;
const CONTROL = 3;
const USER_DEFINED = 4;
const UNUSED = 5;

/**
 * The keys of a GGUF file for a tokenizer, as llama.cpp's converter writes them: the inverse of
 * {@link tokenizerFilesOfGguf}.
 *
 * @throws {TokenizerError} when a file is damaged, or cuts text in a way that GGUF has no name for.
 */
export function ggufKeysOfTokenizer(
  files: TokenizerFiles,
  { vocabularySize = 0, endTokens = [] }: TokenizerKeyOptions = {},
): readonly TokenizerKey[] {
  const { vocabulary, merges, addedTokens, preTokenizer, normalizer, roles } = readTokenizerFiles(files);
  if (normalizer !== null) throw unsupportedError("tokenizer.json", "normalizer", "null", normalizer);
  const texts = new Map<number, string>();
  for (const [token, id] of Object.entries(vocabulary)) {
    if (!isId(id))
      throw fieldError("tokenizer.json", `model.vocab[${JSON.stringify(token)}]`, "a token id", id);
    texts.set(id, token);
  }
  for (const { id, content } of addedTokens) texts.set(id, content);
  const size = [...texts.keys()].reduce((least, id) => Math.max(least, id + 1), vocabularySize);
  const tokens = Array.from({ length: size }, (_, id) => texts.get(id) ?? `[PAD${id}]`);
  const types = Int32Array.from(tokens, (_, id) => (texts.has(id) ? NORMAL : UNUSED));
  for (const { id, special } of addedTokens) types[id] = special ? CONTROL : USER_DEFINED;
  return [
    ["tokenizer.ggml.model", "string", "gpt2"],
    ["tokenizer.ggml.pre", "string", preTokenizerName(preTokenizer)],
    ["tokenizer.ggml.tokens", "string[]", tokens],
    ["tokenizer.ggml.token_type", "i32[]", types],
    ["tokenizer.ggml.merges", "string[]", merges.map((pair) => pair.join(" "))],
    ...roleKeys(roles, endTokens, tokens),
    ["tokenizer.ggml.add_bos_token", "bool", beginsTexts(files, roles.bos)],
  ];
}

/** llama.cpp's name for how text is cut: that of the pattern, since the rest is the same in all of them. */
function preTokenizerName(preTokenizer: object): string {
  const { pretokenizers = [] } = preTokenizer as { pretokenizers?: readonly SplitFields[] };
  const [split] = pretokenizers;
  const pattern = split?.type === "Split" && split.behavior === "Isolated" ? split.pattern?.Regex : undefined;
  const name = pretokenizers.length === 2 && pattern !== undefined ? patternNames.get(pattern) : undefined;
  if (name !== undefined) return name;
  const expected = `a Split of ${[...new Set(patternNames.values())].join(" or ")}, then ByteLevel`;
  throw unsupportedError("tokenizer.json", "pre_tokenizer", expected, preTokenizer);
}

interface SplitFields {
  readonly type?: unknown;
  readonly behavior?: unknown;
  readonly pattern?: { readonly Regex?: string };
}

/** The tokenizer's end is `eos`, if the model ends with it; what else it ends with is `eot` and `eom`. */
function roleKeys(
  roles: Readonly<Partial<Record<TokenRole, string>>>,
  endTokens: readonly number[],
  tokens: readonly string[],
): TokenizerKey[] {
  const idOf = (role: TokenRole): number | undefined => {
    const id = roles[role] === undefined ? -1 : tokens.indexOf(roles[role]);
    return id < 0 ? undefined : id;
  };
  const eos = idOf("eos");
  const ends = endTokens.length === 0 && eos !== undefined ? [eos] : [...endTokens];
  const ordered = eos !== undefined && ends.includes(eos) ? [eos, ...ends.filter((id) => id !== eos)] : ends;
  const ids = {
    bos: idOf("bos"),
    eos: ordered[0],
    eot: ordered[1],
    eom: ordered[2],
    unknown: idOf("unk"),
    padding: idOf("pad"),
  };
  return Object.entries(ids).flatMap(([role, id]): TokenizerKey[] =>
    id === undefined ? [] : [[`tokenizer.ggml.${role}_token_id`, "u32", id]],
  );
}

/** Whether texts begin with the beginning-of-sequence token: said outright, or by the post-processor. */
function beginsTexts({ tokenizer, tokenizerConfig }: TokenizerFiles, bos: string | undefined): boolean {
  const parse = (file: string | object = {}): Record<string, unknown> =>
    typeof file === "string" ? JSON.parse(file) : (file as Record<string, unknown>);
  const { add_bos_token: stated } = parse(tokenizerConfig);
  if (typeof stated === "boolean") return stated;
  const { post_processor: processor } = parse(tokenizer) as { post_processor?: { single?: unknown } | null };
  const [first] = Array.isArray(processor?.single) ? processor.single : [];
  return bos !== undefined && first?.SpecialToken?.id === bos;
}
