import fc from "fast-check";
import { expect, test } from "vitest";
import { exponential } from "./exponential.ts";

test.each([
  // The nearest doubles, from 60 digits of Python's decimal module.
  [-0.1, 0.9048374180359595],
  [-1, 0.36787944117144233],
  [-10, 4.5399929762484854e-5],
  [-700, 9.85967654375977e-305],
])("of %f is %f to two units in the last place", (x, expected) => {
  expect(Math.abs(exponential(x) / expected - 1)).toBeLessThanOrEqual(2 ** -51);
});

test("is exact at the ends", () => {
  expect(exponential(0)).toBe(1);
  expect(exponential(-Infinity)).toBe(0);
  expect(exponential(-1e300)).toBe(0);
  expect(exponential(-745)).toBe(5e-324); // the smallest number above 0
  expect(exponential(Number.NaN)).toBeNaN();
});

test("agrees with Math.exp", () => {
  fc.assert(
    fc.property(fc.double({ min: -700, max: 0, noNaN: true }), (x) => {
      expect(Math.abs(exponential(x) / Math.exp(x) - 1)).toBeLessThanOrEqual(2 ** -51);
    }),
    { numRuns: 2000 },
  );
});
