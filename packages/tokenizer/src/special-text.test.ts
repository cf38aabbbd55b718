import fc from "fast-check";
import { expect, test } from "vitest";
import { specialTextSplitter } from "./special-text.ts";

const join = (pieces: ReturnType<ReturnType<typeof specialTextSplitter>>) =>
  pieces.map((piece) => ("text" in piece ? piece.text : piece.special)).join("");
const specials = (pieces: ReturnType<ReturnType<typeof specialTextSplitter>>) =>
  pieces.flatMap((piece) => ("special" in piece ? [piece.special] : []));

test("the longest token wins where one begins with another, in whatever order they are listed", () => {
  for (const tokens of [
    ["<1", "<12>", "<12"],
    ["<12>", "<12", "<1"],
  ]) {
    expect(specials(specialTextSplitter(tokens)("<12><1<12"))).toEqual(["<12>", "<1", "<12"]);
  }
});

test("the leftmost token wins where two overlap", () => {
  expect(specials(specialTextSplitter(["bcd", "ab"])("abcd"))).toEqual(["ab"]);
});

test("characters that mean something in a regular expression mean themselves", () => {
  expect(specials(specialTextSplitter(["<|a|>", "[B]", ".*", "$^"])("x<|a|>[B]y.*$^aB"))).toEqual([
    "<|a|>",
    "[B]",
    ".*",
    "$^",
  ]);
});

test("no special tokens, no special pieces", () => {
  expect(specials(specialTextSplitter([])("<s>"))).toEqual([]);
});

test("the pieces joined are the text", () => {
  const split = specialTextSplitter(["<s>", "</s>", "s>"]);
  const text = fc.array(fc.constantFrom("<", "s", ">", "/", "x", "<s>")).map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, (text) => {
      expect(join(split(text))).toBe(text);
    }),
  );
});
