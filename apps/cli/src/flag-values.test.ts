import { expect, test } from "vitest";
import { decimal, listed, seed, tokenBias, tokenIds, wholeNumber } from "./flag-values.ts";

test("flags become numbers of all their digits, ids, biases and lists", () => {
  expect(wholeNumber(0)("42")).toBe(42);
  expect(decimal("-0.5")).toBe(-0.5);
  expect(seed("18446744073709551615")).toBe(18446744073709551615n);
  expect(tokenIds(" 5, 17,42 3\n")).toEqual([5, 17, 42, 3]);
  expect(tokenBias("7=-inf", tokenBias("3=1.5"))).toEqual(
    new Map([
      [3, 1.5],
      [7, Number.NEGATIVE_INFINITY],
    ]),
  );
  expect(listed("b", listed("a"))).toEqual(["a", "b"]);
});

test.for<[name: string, parse: (text: string) => unknown, text: string]>([
  ["a whole number", wholeNumber(1), "0"],
  ["a whole number", wholeNumber(0), "1e3"],
  ["a whole number", wholeNumber(0), "99999999999999999"],
  ["a number", decimal, ""],
  ["a number", decimal, "Infinity"],
  ["a seed", seed, "1.5"],
  ["ids", tokenIds, "1,-2"],
  ["ids", tokenIds, "5,,6"],
  ["ids", tokenIds, "5,17,"],
  ["ids", tokenIds, ",5"],
  ["a bias", tokenBias, "7"],
])("%s is not %s", ([, parse, text]) => {
  expect(() => parse(text)).toThrow(/^It should be/);
});
