import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exponential } from "./exponential.ts";

describe("exponential", () => {
  // The nearest doubles, from 60 digits of Python's decimal module.
  test.each([
    [-0.1, 0.9048374180359595],
    [-1, 0.36787944117144233],
    [-0.34657359027997264, Math.SQRT1_2],
    [-10, 4.5399929762484854e-5],
    [-100.25, 2.897198083210148e-44],
    [-700, 9.85967654375977e-305],
  ])("of %f is %f to one unit in the last place", (x, expected) => {
    expect(Math.abs(exponential(x) / expected - 1)).toBeLessThanOrEqual(2 ** -52);
  });

  test("is exact at the ends", () => {
    expect(exponential(0)).toBe(1);
    expect(exponential(-0)).toBe(1);
    expect(exponential(-Infinity)).toBe(0);
    expect(exponential(-1e300)).toBe(0);
    expect(exponential(-743)).toBe(2e-323); // four times the smallest number above 0
  });

  test("agrees with Math.exp to two units in the last place", () => {
    fc.assert(
      fc.property(fc.double({ min: -700, max: 0, noNaN: true }), (x) => {
        expect(Math.abs(exponential(x) / Math.exp(x) - 1)).toBeLessThanOrEqual(2 ** -51);
      }),
      { numRuns: 2000 },
    );
  });

  test("never falls where x rises, over steps of single precision", () => {
    fc.assert(
      fc.property(fc.float({ min: -90, max: 0, noNaN: true }), (x) => {
        expect(exponential(x)).toBeGreaterThanOrEqual(exponential(x * (1 + 2 ** -23)));
      }),
      { numRuns: 2000 },
    );
  });
});
