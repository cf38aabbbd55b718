import fc from "fast-check";
import { expect, test } from "vitest";
import { floatText, splitAtSpace, strip } from "./python-text.ts";

test.each([
  [1, "1.0"],
  [-0, "-0.0"],
  [0.1, "0.1"],
  [1e15, "1000000000000000.0"],
  [1e16, "1e+16"],
  [123456789012345680, "1.2345678901234568e+17"],
  [0.0001, "0.0001"],
  [0.00001, "1e-05"],
  [0.000012345, "1.2345e-05"],
  [1e-7, "1e-07"],
  [1e22, "1e+22"],
  [5e-324, "5e-324"],
  [-1.7e308, "-1.7e+308"],
  [Number.POSITIVE_INFINITY, "inf"],
])("%d is written as repr(float) writes it: %s", (value, text) => {
  expect(floatText(value)).toBe(text);
});

test("a float is written with digits that give it back", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Number(floatText(value))).toBe(value);
    }),
  );
});

test("white space is what Python takes for it: U+0085 and U+001C are, U+FEFF and U+200B are not", () => {
  expect(strip("\x1c\x85\u3000 x \u2029\x1f", "both")).toBe("x");
  expect(strip("\ufeff\u200bx", "both")).toBe("\ufeff\u200bx");
  expect(splitAtSpace("\x85a\u2003b\ufeffc ")).toEqual(["a", "b\ufeffc"]);
});

test("one side may be stripped, and of given characters", () => {
  expect(strip(" x ", "left")).toBe("x ");
  expect(strip(" x ", "right")).toBe(" x");
  expect(strip("</think>Okay I think", "both", "</think>")).toBe("Okay I ");
});
