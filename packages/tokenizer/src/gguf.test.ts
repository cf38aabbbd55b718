import { describe, expect, test } from "vitest";
import { readFixture, readRows } from "../fixtures/nemotron.ts";
import { tokenizerFilesOfGguf } from "./gguf.ts";
import { createTokenizer } from "./tokenizer.ts";
import { TokenizerError } from "./tokenizer-error.ts";

const CONTROL = 3;
const NORMAL = 1;

interface TokenizerJson {
  readonly model: { readonly vocab: Record<string, number>; readonly merges: readonly [string, string][] };
  readonly added_tokens: readonly { readonly id: number }[];
}

/** The keys that llama.cpp's converter writes for a tokenizer.json. */
function metadataOf({ model, added_tokens }: TokenizerJson): Record<string, unknown> {
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token;
  const types = new Int32Array(tokens.length).fill(NORMAL);
  for (const { id } of added_tokens) types[id] = CONTROL;
  return {
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "tekken",
    "tokenizer.ggml.tokens": tokens,
    "tokenizer.ggml.token_type": types,
    "tokenizer.ggml.merges": model.merges.map((pair) => pair.join(" ")),
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 12,
    "tokenizer.ggml.unknown_token_id": 0,
    "tokenizer.ggml.add_bos_token": true,
  };
}

const published = metadataOf(JSON.parse(readFixture("tokenizer.json")));

test("the published tokenizer gives the golden ids from a GGUF file's metadata too", () => {
  const tokenizer = createTokenizer(tokenizerFilesOfGguf(published)!);
  const rows = readRows<{ id: string; text: string; ids: number[]; ids_plain?: number[] }>(
    "golden_tokens.jsonl",
  );
  expect(rows.length).toBe(326);
  for (const { id, text, ids, ids_plain = ids } of rows) {
    expect(tokenizer.encode(text, { special: "parse" }), id).toEqual(ids);
    expect(tokenizer.encode(text), id).toEqual(ids_plain);
  }
  expect(tokenizer.vocabularySize).toBe(131072);
  expect(tokenizer.specialTokens.size).toBe(1000);
  const { bosId, eosId, unkId, padId } = tokenizer;
  expect({ bosId, eosId, unkId, padId }).toEqual({ bosId: 1, eosId: 12, unkId: 0, padId: undefined });
});

test("tokens that a user defined are found in plain text, and are not special", () => {
  const types = (published["tokenizer.ggml.token_type"] as Int32Array).slice();
  types[20] = 4;
  const tokenizer = createTokenizer(
    tokenizerFilesOfGguf({ ...published, "tokenizer.ggml.token_type": types })!,
  );
  expect(tokenizer.specialTokens.has("<SPECIAL_20>")).toBe(false);
  expect(tokenizer.encode("<SPECIAL_20>")).toEqual([20]);
  expect(tokenizer.encode("<SPECIAL_21>").length).toBeGreaterThan(1);
});

test("a file without a tokenizer has none", () => {
  expect(tokenizerFilesOfGguf({ "general.architecture": "nemotron_h" })).toBeUndefined();
  expect(tokenizerFilesOfGguf({ "tokenizer.ggml.model": "none" })).toBeUndefined();
});

describe("what is refused", () => {
  function errorOf(changes: Record<string, unknown>): TokenizerError {
    try {
      tokenizerFilesOfGguf({ ...published, ...changes });
    } catch (error) {
      if (error instanceof TokenizerError) return error;
      throw error;
    }
    throw new Error("the metadata was accepted");
  }

  test.each([
    ["tokenizer.ggml.model", "llama"],
    ["tokenizer.ggml.pre", "qwen2"],
    ["tokenizer.ggml.pre", "constructor"],
    ["tokenizer.ggml.pre", undefined],
  ])("a %s of %s, naming what is supported", (key, value) => {
    const error = errorOf({ [key]: value });
    expect(error).toMatchObject({ code: "TOKENIZER_UNSUPPORTED", field: key, actual: value });
    expect(error.message).toContain("GGUF");
  });

  test.each([
    ["tokenizer.ggml.tokens", undefined],
    ["tokenizer.ggml.tokens", new Int32Array(3)],
    ["tokenizer.ggml.tokens", new BigInt64Array(3)],
    ["tokenizer.ggml.merges", undefined],
    ["tokenizer.ggml.token_type", undefined],
    ["tokenizer.ggml.token_type", new Int32Array(5)],
    ["tokenizer.ggml.eos_token_id", 131072],
    ["tokenizer.ggml.bos_token_id", "1"],
    ["tokenizer.ggml.padding_token_id", 2n ** 63n],
  ])("a %s that is damaged", (key, value) => {
    expect(errorOf({ [key]: value })).toMatchObject({ code: "TOKENIZER_FIELD", field: key });
  });

  test("two tokens of one text", () => {
    const tokens = [...(published["tokenizer.ggml.tokens"] as string[])];
    tokens[30] = tokens[20]!;
    expect(errorOf({ "tokenizer.ggml.tokens": tokens }).field).toBe("tokenizer.ggml.tokens[30]");
  });
});
