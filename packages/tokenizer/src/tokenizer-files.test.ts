import { expect, test } from "vitest";
import { toyTokenizer } from "../fixtures/toy.ts";
import { createTokenizer } from "./tokenizer.ts";
import { TokenizerError } from "./tokenizer-error.ts";

type Toy = ReturnType<typeof toyTokenizer>;

function errorOf(change: (file: Toy) => void): TokenizerError {
  const file = toyTokenizer();
  change(file);
  try {
    createTokenizer({ tokenizer: file });
  } catch (error) {
    if (error instanceof TokenizerError) return error;
    throw error;
  }
  throw new Error("the file was accepted");
}

test.each<[string, string, (file: Toy) => void]>([
  ["model", "without a model", (file) => Reflect.deleteProperty(file, "model")],
  ["model.vocab", "with a list for a vocabulary", (file) => Object.assign(file.model, { vocab: [] })],
  [
    'model.vocab["he"]',
    "with an id that is no number",
    (file) => Object.assign(file.model.vocab, { he: "x" }),
  ],
  ['model.vocab["he"]', "with a negative id", (file) => Object.assign(file.model.vocab, { he: -1 })],
  ['model.vocab["he"]', "with an absurd id", (file) => Object.assign(file.model.vocab, { he: 4e9 })],
  ['model.vocab["ll"]', "with two tokens of one id", (file) => Object.assign(file.model.vocab, { ll: 256 })],
  ['model.vocab["Ġ"]', "without a token for a byte", (file) => Reflect.deleteProperty(file.model.vocab, "Ġ")],
  ["model.merges", "without merges", (file) => Reflect.deleteProperty(file.model, "merges")],
  ["model.merges[3]", "with a merge of three", (file) => file.model.merges.push(["a", "b", "c"])],
  ["model.merges[3]", "with a merge into nothing", (file) => file.model.merges.push(["a", "b"])],
  ["added_tokens", "with an object for added tokens", (file) => Object.assign(file, { added_tokens: {} })],
  [
    "added_tokens[2].content",
    "with an added token without text",
    (file) => file.added_tokens.push({ id: 5 }),
  ],
  [
    'added_tokens: "<x>"',
    "with an added token on another's id",
    (file) => file.added_tokens.push({ id: 5, content: "<x>" }),
  ],
  [
    'added_tokens: "he"',
    "with an added token that the vocabulary knows by another id",
    (file) => file.added_tokens.push({ id: 300, content: "he" }),
  ],
])("names %s in a tokenizer.json %s", (field, _, change) => {
  expect(errorOf(change)).toMatchObject({ code: "TOKENIZER_FIELD", file: "tokenizer.json", field });
});

test.each<[string, string, (file: Toy) => void]>([
  ["model.type", "another model than BPE", (file) => Object.assign(file.model, { type: "Unigram" })],
  ["model.byte_fallback", "byte fallback", (file) => Object.assign(file.model, { byte_fallback: true })],
  [
    "model.end_of_word_suffix",
    "word suffixes",
    (file) => Object.assign(file.model, { end_of_word_suffix: "</w>" }),
  ],
  ["decoder", "no decoder", (file) => Object.assign(file, { decoder: { type: "WordPiece" } })],
  [
    "pre_tokenizer",
    "text that is not byte-level",
    (file) => Object.assign(file, { pre_tokenizer: { type: "Whitespace" } }),
  ],
  [
    "added_tokens[2].lstrip",
    "special tokens that eat white space",
    (file) => file.added_tokens.push({ id: 261, content: "<m>", special: true, lstrip: true }),
  ],
])("says that %s is unsupported for a tokenizer with %s", (field, _, change) => {
  const error = errorOf(change);
  expect(error.code).toBe("TOKENIZER_UNSUPPORTED");
  expect(error.field).toMatch(field);
});

test("a file that is not JSON is named, with what it starts with", () => {
  expect(() => createTokenizer({ tokenizer: "version https://git-lfs" })).toThrow(
    expect.objectContaining({
      code: "TOKENIZER_JSON",
      file: "tokenizer.json",
      message: expect.stringContaining("version https://git-lfs"),
    }),
  );
  expect(() => createTokenizer({ tokenizer: toyTokenizer(), tokenizerConfig: "{" })).toThrow(
    expect.objectContaining({ code: "TOKENIZER_JSON", file: "tokenizer_config.json" }),
  );
  expect(() => createTokenizer({ tokenizer: "[]" })).toThrow(
    expect.objectContaining({ code: "TOKENIZER_FIELD", file: "tokenizer.json" }),
  );
});

test("merges may be written as one string, as older files have them", () => {
  const file = toyTokenizer();
  file.model.merges = ["h e", "l l", "ll o"];
  expect(createTokenizer({ tokenizer: file }).encode("hello")).toEqual([256, 258]);
});

test("roles are read from tokenizer_config.json, then special_tokens_map.json, as text or as an object", () => {
  const tokenizer = createTokenizer({
    tokenizer: toyTokenizer(),
    tokenizerConfig: { eos_token: { content: "<end>" }, pad_token: null, unk_token: "<none>" },
    specialTokensMap: { bos_token: "<s>", eos_token: "<s>" },
  });
  const { bosId, eosId, padId, unkId } = tokenizer;
  expect({ bosId, eosId, padId, unkId }).toEqual({
    bosId: 259,
    eosId: 260,
    padId: undefined,
    unkId: undefined,
  });
});
