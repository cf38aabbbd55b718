import fc from "fast-check";
import { expect, test } from "vitest";
import { byteLevelAlphabet, byteLevelToBytes, textToByteLevel } from "./byte-level.ts";

test("the alphabet has one printable character for each byte", () => {
  const alphabet = byteLevelAlphabet();
  expect(new Set(alphabet).size).toBe(256);
  expect(alphabet.join("")).toMatch(/^[^\p{C}\p{Z}]+$/u);
});

test("printable ASCII stands for itself, a space is Ġ and a newline Ċ, as GPT-2 has it", () => {
  expect(textToByteLevel("a b\n~")).toBe("aĠbĊ~");
});

test("what a text is spelled as has the text's UTF-8 bytes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(byteLevelToBytes(textToByteLevel(text))).toEqual(new TextEncoder().encode(text));
    }),
  );
});

test("an entry with a character outside the alphabet is its own UTF-8", () => {
  expect(byteLevelToBytes("日 本")).toEqual(new TextEncoder().encode("日 本"));
});
