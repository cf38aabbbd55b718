import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readFixture, readRows } from "../fixtures/nemotron.ts";
import { toyTokenizer } from "../fixtures/toy.ts";
import { createTokenizer } from "./tokenizer.ts";

interface GoldenTokens {
  id: string;
  text: string;
  ids: number[];
  ids_plain?: number[];
  decoded?: string;
  decoded_skip_special?: string;
}

const nemotron = createTokenizer({
  tokenizer: readFixture("tokenizer.json"),
  tokenizerConfig: readFixture("tokenizer_config.json"),
});
const tinyModel = createTokenizer({
  tokenizer: readFileSync(new URL("../../tiny-model/model/tokenizer.json", import.meta.url), "utf8"),
});
const toy = createTokenizer({ tokenizer: toyTokenizer() });

describe("the published tokenizer of Nemotron Nano 9B v2", () => {
  const rows = readRows<GoldenTokens>("golden_tokens.jsonl");

  test("gives the ids that Hugging Face's tokenizers gives, with and without parsing special tokens", () => {
    for (const { id, text, ids, ids_plain = ids } of rows) {
      expect(nemotron.encode(text, { special: "parse" }), id).toEqual(ids);
      expect(nemotron.encode(text), id).toEqual(ids_plain);
    }
  });

  test("gives the text that Hugging Face's tokenizers gives, with and without special tokens", () => {
    for (const { id, text, ids, decoded = text, decoded_skip_special = decoded } of rows) {
      expect(nemotron.decode(ids), id).toBe(decoded);
      expect(nemotron.decode(ids, { skipSpecial: true }), id).toBe(decoded_skip_special);
    }
  });

  test("has the size, the special tokens and the roles of the published files", () => {
    expect(nemotron.vocabularySize).toBe(131072);
    expect(nemotron.specialTokens.size).toBe(1000);
    expect(nemotron.specialTokens.get("<SPECIAL_12>")).toBe(12);
    const { bosId, eosId, padId, unkId } = nemotron;
    expect({ bosId, eosId, padId, unkId }).toEqual({ bosId: 1, eosId: 12, padId: undefined, unkId: 0 });
  });
});

// Every plane, unassigned code points and lone surrogates included.
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  fc
    .array(fc.constantFrom("<SPECIAL_", "1", "2", "<", ">", "</s>", "<s>", "<unk>", " "))
    .map((parts) => parts.join("")),
);

describe.each([
  ["the Nemotron tokenizer", nemotron],
  ["the tiny model's tokenizer", tinyModel],
  ["a toy tokenizer", toy],
])("%s", (_, tokenizer) => {
  const specialIds = new Set(tokenizer.specialTokens.values());

  test("gives back every text that it encodes, unpaired surrogates as U+FFFD", () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom("plain" as const, "parse" as const), (text, special) => {
        const wellFormed = new TextDecoder("utf-8", { ignoreBOM: true }).decode(
          new TextEncoder().encode(text),
        );
        expect(tokenizer.decode(tokenizer.encode(text, { special }))).toBe(wellFormed);
      }),
    );
  });

  test("never makes a special token of plain text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(tokenizer.encode(text).filter((id) => specialIds.has(id))).toEqual([]);
        expect(tokenizer.encode([{ text }]).filter((id) => specialIds.has(id))).toEqual([]);
      }),
    );
    for (const text of tokenizer.specialTokens.keys())
      expect(tokenizer.encode(text).filter((id) => specialIds.has(id))).toEqual([]);
  });

  test("gives the ids of each piece in turn, special pieces by their id", () => {
    fc.assert(
      fc.property(anyText, anyText, (before, after) => {
        const pieces = [{ text: before }, { special: "<s>" }, { text: after }];
        expect(tokenizer.encode(pieces)).toEqual([
          ...tokenizer.encode(before),
          tokenizer.specialTokens.get("<s>"),
          ...tokenizer.encode(after),
        ]);
      }),
    );
  });

  test("knows each token's id by its text, where the token is whole characters", () => {
    fc.assert(
      fc.property(fc.nat(tokenizer.vocabularySize - 1), (id) => {
        const text = tokenizer.tokenText(id);
        expect(new TextDecoder("utf-8", { ignoreBOM: true }).decode(tokenizer.tokenBytes(id))).toBe(text);
        if (!text.includes("\uFFFD")) expect(tokenizer.tokenId(text)).toBe(id);
      }),
    );
  });
});

test("a text that is no single token has no id", () => {
  expect(toy.tokenId("hello")).toBeUndefined();
  expect(toy.tokenId("")).toBeUndefined();
  expect(toy.tokenId("he")).toBe(256);
  expect(toy.tokenId("<end>")).toBe(260);
});

test("nothing encodes to nothing and back", () => {
  expect(toy.encode("")).toEqual([]);
  expect(toy.encode([])).toEqual([]);
  expect(toy.decode([])).toBe("");
});

test("special tokens become ids only when asked for", () => {
  const bytes = [..."<end>"].map((character) => toy.tokenId(character)!);
  expect(toy.encode("<end>")).toEqual(bytes);
  expect(toy.encode("<end>", { special: "parse" })).toEqual([260]);
  expect(toy.encode([{ text: "<end>" }, { special: "<end>" }])).toEqual([...bytes, 260]);
});

test("a piece that names an unknown special token is refused", () => {
  expect(() => toy.encode([{ special: "<SPECIAL_12>" }])).toThrow(
    expect.objectContaining({ name: "TokenizerError", code: "TOKENIZER_SPECIAL", actual: "<SPECIAL_12>" }),
  );
});

test.each([-1, 261, 1.5, Number.NaN, 2 ** 32])("the id %d is refused", (id) => {
  const error = expect.objectContaining({
    code: "TOKENIZER_ID",
    actual: id,
    expected: "an id from 0 to 260",
  });
  expect(() => toy.decode([id])).toThrow(error);
  expect(() => toy.stream().push(id)).toThrow(error);
  expect(() => toy.tokenText(id)).toThrow(error);
});

test("an id in a hole of the numbering is refused", () => {
  const file = toyTokenizer();
  file.added_tokens.push({ id: 300, content: "<far>", special: true });
  const tokenizer = createTokenizer({ tokenizer: file });
  expect(tokenizer.vocabularySize).toBe(301);
  expect(tokenizer.tokenText(300)).toBe("<far>");
  expect(() => tokenizer.decode([299])).toThrow(expect.objectContaining({ code: "TOKENIZER_ID" }));
});

test("an added token that is not special is found in plain text too", () => {
  const file = toyTokenizer();
  file.added_tokens.push({ id: 261, content: "<tool>", special: false });
  const tokenizer = createTokenizer({ tokenizer: file });
  expect(tokenizer.encode("<tool>")).toEqual([261]);
  expect(tokenizer.specialTokens.has("<tool>")).toBe(false);
});
