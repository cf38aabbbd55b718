import { describe, expect, test } from "vitest";
import { readFixture } from "../fixtures/nemotron.ts";
import { tokenizerFilesOfGguf } from "./gguf.ts";
import { ggufKeysOfTokenizer } from "./gguf-keys.ts";
import { createTokenizer } from "./tokenizer.ts";

const files = {
  tokenizer: readFixture("tokenizer.json"),
  tokenizerConfig: readFixture("tokenizer_config.json"),
};

function metadataOf(...[given, options]: Parameters<typeof ggufKeysOfTokenizer>): Record<string, unknown> {
  return Object.fromEntries(ggufKeysOfTokenizer(given, options).map(([key, , value]) => [key, value]));
}

/** The published tokenizer with some fields of its files changed. */
const changed = (tokenizer: object, tokenizerConfig: object = {}) => ({
  tokenizer: { ...JSON.parse(files.tokenizer), ...tokenizer },
  tokenizerConfig: { ...JSON.parse(files.tokenizerConfig), ...tokenizerConfig },
});

test("the published tokenizer's keys are those of llama.cpp's converter", () => {
  const keys = ggufKeysOfTokenizer(files, { vocabularySize: 131072, endTokens: [2, 11, 12] });
  const short = keys.map(([key, type, value]) => [key.replace("tokenizer.ggml.", ""), type, value]);
  const [model, pre, tokens, types, merges, ...rest] = short;
  expect([model, pre]).toEqual([
    ["model", "string", "gpt2"],
    ["pre", "string", "tekken"],
  ]);
  expect(tokens![2]).toHaveLength(131072);
  expect((tokens![2] as string[]).slice(10, 12)).toEqual(["<SPECIAL_10>", "<SPECIAL_11>"]);
  expect([...(types![2] as Int32Array).slice(998, 1002)]).toEqual([3, 3, 1, 1]);
  expect((merges![2] as string[])[1]).toBe("Ġ t");
  expect(rest).toEqual([
    ["bos_token_id", "u32", 1],
    ["eos_token_id", "u32", 12],
    ["eot_token_id", "u32", 2],
    ["eom_token_id", "u32", 11],
    ["unknown_token_id", "u32", 0],
    ["add_bos_token", "bool", true], // its post-processor begins texts with <s>
  ]);
});

test("read back, they are the same tokenizer", () => {
  const before = createTokenizer(files);
  const after = createTokenizer(tokenizerFilesOfGguf(metadataOf(files))!);
  for (const text of ["Hello, world 12!", "été 🙂\n\n\tx", "<SPECIAL_10>System", "ǅungla BIGfoot"]) {
    expect(after.encode(text, { special: "parse" })).toEqual(before.encode(text, { special: "parse" }));
    expect(after.encode(text)).toEqual(before.encode(text));
  }
  expect([...after.specialTokens]).toEqual([...before.specialTokens]);
  expect([after.bosId, after.eosId, after.unkId]).toEqual([before.bosId, before.eosId, before.unkId]);
});

test("ids without a text are unused, so that there are as many tokens as embeddings", () => {
  const metadata = metadataOf(files, { vocabularySize: 131074 });
  expect((metadata["tokenizer.ggml.tokens"] as string[]).slice(-2)).toEqual(["[PAD131072]", "[PAD131073]"]);
  expect([...(metadata["tokenizer.ggml.token_type"] as Int32Array).slice(-3)]).toEqual([1, 5, 5]);
});

test("whether texts begin with a token is as the files say", () => {
  const begins = (given: Parameters<typeof metadataOf>[0]) =>
    metadataOf(given)["tokenizer.ggml.add_bos_token"];
  expect(begins(changed({}, { add_bos_token: false }))).toBe(false);
  expect(begins(changed({ post_processor: null }))).toBe(false);
  expect(begins(changed({ post_processor: null }, { add_bos_token: true }))).toBe(true);
});

describe("what GGUF has no name for is refused", () => {
  test.each([
    ["pre_tokenizer", { type: "ByteLevel", use_regex: true }],
    ["normalizer", { type: "NFC" }],
  ])("a %s of another kind", (field, value) => {
    expect(() => metadataOf(changed({ [field]: value }))).toThrow(
      expect.objectContaining({ code: "TOKENIZER_UNSUPPORTED", field }),
    );
  });
});
