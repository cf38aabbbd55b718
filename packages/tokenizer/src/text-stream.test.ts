import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readFixture } from "../fixtures/nemotron.ts";
import { toyTokenizer } from "../fixtures/toy.ts";
import { createTokenizer } from "./tokenizer.ts";

const toy = createTokenizer({ tokenizer: toyTokenizer() });
const tokenizers = [
  ["the Nemotron tokenizer", createTokenizer({ tokenizer: readFixture("tokenizer.json") })],
  [
    "the tiny model's tokenizer",
    createTokenizer({
      tokenizer: readFileSync(new URL("../../tiny-model/model/tokenizer.json", import.meta.url), "utf8"),
    }),
  ],
  ["a toy tokenizer", toy],
] as const;

/** Toy ids of single bytes are the bytes. */
const bytes = (text: string) => [...new TextEncoder().encode(text)];

describe.each(tokenizers)("%s", (_, tokenizer) => {
  test("streams the same text as it decodes at once, for any ids, broken UTF-8 included", () => {
    // Tokens of one byte, which come first in each vocabulary, are drawn often so that characters break in every way.
    const byteIds = Array.from({ length: Math.min(2000, tokenizer.vocabularySize) }, (_, id) => id).filter(
      (id) => {
        const bytes = tokenizer.tokenBytes(id);
        return bytes.length === 1 && bytes[0]! >= 128;
      },
    );
    expect(byteIds).toHaveLength(128);
    const id = fc.oneof(fc.nat(tokenizer.vocabularySize - 1), fc.constantFrom(...byteIds));
    fc.assert(
      fc.property(fc.array(id, { maxLength: 40 }), fc.boolean(), (ids, skipSpecial) => {
        const stream = tokenizer.stream({ skipSpecial });
        const parts = ids.map((id) => stream.push(id));
        parts.push(stream.flush());
        expect(parts.join("")).toBe(tokenizer.decode(ids, { skipSpecial }));
        for (const part of parts) expect(part).not.toMatch(/[\uD800-\uDFFF]/u);
      }),
      { numRuns: 500 },
    );
  });
});

test("a character appears when its last byte is there, and not before", () => {
  const stream = toy.stream();
  expect(bytes("a€😀b").map((id) => stream.push(id))).toEqual([..."a", "", "", "€", "", "", "", "😀", "b"]);
  expect(stream.flush()).toBe("");
});

test("a character that never ends is shown as U+FFFD, at the flush or at the next character", () => {
  const stream = toy.stream();
  expect(stream.push(0xe2)).toBe("");
  expect(stream.push(0x41)).toBe("\uFFFDA");
  expect(stream.push(0xf0)).toBe("");
  expect(stream.flush()).toBe("\uFFFD");
});

test("a stream starts afresh after a flush", () => {
  const stream = toy.stream();
  stream.push(0xe2);
  stream.flush();
  expect(bytes("€").map((id) => stream.push(id))).toEqual(["", "", "€"]);
});

test("a byte order mark is text like any other", () => {
  const stream = toy.stream();
  expect(
    bytes("\uFEFFx")
      .map((id) => stream.push(id))
      .join(""),
  ).toBe("\uFEFFx");
  expect(toy.decode(bytes("\uFEFFx"))).toBe("\uFEFFx");
});

test("special tokens are left out of a stream unless asked for, and kept by decode unless told otherwise", () => {
  const ids = [...toy.encode("he"), 260];
  const join = (options?: { skipSpecial: boolean }) => {
    const stream = toy.stream(options);
    return ids.map((id) => stream.push(id)).join("");
  };
  expect(join()).toBe("he");
  expect(join({ skipSpecial: false })).toBe("he<end>");
  expect(toy.decode(ids)).toBe("he<end>");
  expect(toy.decode(ids, { skipSpecial: true })).toBe("he");
});
