import { describe, expect, test } from "vitest";
import { differenceOf } from "./step-error.ts";

const floats = (...values: number[]): Float32Array => Float32Array.from(values);
const integers = (...values: number[]): Int32Array => Int32Array.from(values);

describe("differenceOf", () => {
  test("is the mean squared error in proportion to the mean square of what is wanted", () => {
    // (0.5² + 0.5²) / (3² + 4²)
    expect(differenceOf(floats(3, 4), floats(3.5, 3.5))).toBeCloseTo(0.02, 12);
  });

  test("does not divide by almost nothing", () => {
    expect(differenceOf(floats(0, 0), floats(1e-6, 0))).toBeCloseTo(0.5e-6, 12);
  });

  test("takes integers that differ for infinitely wrong", () => {
    expect(differenceOf(integers(1_000_000), integers(1_000_001))).toBe(Infinity);
    expect(differenceOf(integers(5, -1), integers(5, -1))).toBe(0);
  });

  test("wants infinities and NaN exactly where they are", () => {
    expect(differenceOf(floats(-Infinity, 1), floats(-Infinity, 1))).toBe(0);
    expect(differenceOf(floats(-Infinity, 1), floats(-1e30, 1))).toBe(Infinity);
    expect(differenceOf(floats(1, 1), floats(Number.NaN, 1))).toBe(Infinity);
    expect(differenceOf(floats(Number.NaN), floats(Number.NaN))).toBe(0);
    expect(differenceOf(floats(Infinity), floats(-Infinity))).toBe(Infinity);
  });

  test("does not compare what has another length", () => {
    expect(differenceOf(floats(1, 2), floats(1))).toBe(Infinity);
  });

  test("leaves ignored elements out of both sums", () => {
    expect(differenceOf(floats(3, 100), floats(3, 0), (element) => element === 1)).toBe(0);
  });
});
