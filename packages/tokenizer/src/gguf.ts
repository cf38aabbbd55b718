import { fieldError, unsupportedError } from "./tokenizer-error.ts";
import type { TokenizerFiles } from "./tokenizer-files.ts";

const FILE = "the GGUF file";

/**
 * How text is cut before the merges, by `tokenizer.ggml.pre`. Mistral's "tekken" is that of Nemotron Nano;
 * "pixtral" is llama.cpp's name for the same without a beginning-of-sequence token. Letters in runs that
 * begin with capitals, single digits, runs of marks, white space.
 */
const tekken =
  "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+" +
  "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*" +
  "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

const patterns: Readonly<Record<string, string>> = { tekken, pixtral: tekken };

/** The first name of each pattern. */
export const patternNames: ReadonlyMap<string, string> = new Map([[tekken, "tekken"]]);

/** `tokenizer.ggml.token_type` of tokens that are added to the vocabulary: `UNKNOWN`, `CONTROL`, `USER_DEFINED`. */
const addedTypes: ReadonlyMap<unknown, { special: boolean }> = new Map([
  [2, { special: true }],
  [3, { special: true }],
  [4, { special: false }],
]);

const roles = { bos: "bos", eos: "eos", pad: "padding", unk: "unknown" } as const;

/**
 * The tokenizer in a GGUF file's metadata, as the files that {@link createTokenizer} takes.
 *
 * @param metadata - the file's keys; those of the tokenizer start with `tokenizer.ggml.`.
 * @returns undefined when the file has no tokenizer.
 * @throws {TokenizerError} when it is not byte-level BPE, is cut in a way that is not known, or a key is damaged.
 */
export function tokenizerFilesOfGguf(
  metadata: Readonly<Record<string, unknown>>,
): TokenizerFiles | undefined {
  const model = metadata["tokenizer.ggml.model"];
  if (model === undefined || model === "none") return undefined;
  if (model !== "gpt2")
    throw unsupportedError(FILE, "tokenizer.ggml.model", '"gpt2", which is byte-level BPE', model);
  const pre = metadata["tokenizer.ggml.pre"];
  if (typeof pre !== "string" || !Object.hasOwn(patterns, pre)) {
    const known = Object.keys(patterns).map((name) => `"${name}"`);
    throw unsupportedError(FILE, "tokenizer.ggml.pre", known.join(" or "), pre);
  }
  const tokens = texts(metadata, "tokenizer.ggml.tokens");
  return {
    tokenizer: {
      model: {
        type: "BPE",
        vocab: vocabulary(tokens),
        merges: texts(metadata, "tokenizer.ggml.merges"),
        // A whole piece that is a token is taken as it is, in all vocabularies that are cut this way.
        ignore_merges: true,
      },
      added_tokens: addedTokens(metadata, tokens),
      normalizer: null,
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [
          { type: "Split", pattern: { Regex: patterns[pre] }, behavior: "Isolated", invert: false },
          { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
        ],
      },
      decoder: { type: "ByteLevel" },
    },
    tokenizerConfig: roleTexts(metadata, tokens),
  };
}

function vocabulary(tokens: readonly string[]): Record<string, number> {
  const ids = new Map<string, number>();
  for (const [id, token] of tokens.entries()) {
    if (ids.has(token)) {
      throw fieldError(
        FILE,
        `tokenizer.ggml.tokens[${id}]`,
        `a token other than that of id ${ids.get(token)}`,
        token,
      );
    }
    ids.set(token, id);
  }
  return Object.fromEntries(ids);
}

function addedTokens(metadata: Readonly<Record<string, unknown>>, tokens: readonly string[]): object[] {
  const key = "tokenizer.ggml.token_type";
  const types = metadata[key];
  if (!(types instanceof Int32Array || types instanceof Uint32Array) || types.length !== tokens.length) {
    throw fieldError(FILE, key, `a list of ${tokens.length} numbers, one for each token`, types);
  }
  return tokens.flatMap((content, id) => {
    const added = addedTypes.get(types[id]);
    return added === undefined ? [] : [{ id, content, ...added }];
  });
}

/** `bos_token` and the like, as `tokenizer_config.json` has them. */
function roleTexts(
  metadata: Readonly<Record<string, unknown>>,
  tokens: readonly string[],
): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [role, name] of Object.entries(roles)) {
    const key = `tokenizer.ggml.${name}_token_id`;
    const id = metadata[key];
    if (id === undefined) continue;
    const text = typeof id === "number" ? tokens[id] : undefined;
    if (text === undefined) throw fieldError(FILE, key, `an id from 0 to ${tokens.length - 1}`, id);
    texts[`${role}_token`] = text;
  }
  return texts;
}

function texts(metadata: Readonly<Record<string, unknown>>, key: string): readonly string[] {
  const value = metadata[key];
  if (Array.isArray(value) && value.every((text) => typeof text === "string")) return value;
  throw fieldError(FILE, key, "a list of texts", value);
}
