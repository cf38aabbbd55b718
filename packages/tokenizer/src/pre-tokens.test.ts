import { expect, test } from "vitest";
import { preTokenSplitter } from "./pre-tokens.ts";

test("texts that are cut in turn do not disturb each other", () => {
  const cut = preTokenSplitter(/\w+/gu);
  const [one, other] = [cut("ab, cd"), cut("1 23 456")];
  const parts = Array.from({ length: 3 }, () => [one.next().value, other.next().value]);
  expect(parts).toEqual([
    ["ab", "1"],
    [", ", " "],
    ["cd", "23"],
  ]);
});

test("a pattern's own flags count", () => {
  expect([...preTokenSplitter(/a./gis)("xA\nA")]).toEqual(["x", "A\n", "A"]);
});

test("what the engine of regular expressions gives up on is told with its place", () => {
  const cut = preTokenSplitter(/\p{Lo}*\p{Lo}| /gu);
  const parts = cut(` ${"中".repeat(2 ** 24)}`);
  expect(parts.next().value).toBe(" ");
  expect(() => parts.next()).toThrow(
    expect.objectContaining({
      code: "TOKENIZER_TEXT",
      message: expect.stringContaining("from character 1 of"),
    }),
  );
});
