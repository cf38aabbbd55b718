import { describe, expect, test } from "vitest";
import { activate, silu, softplus, squaredRelu } from "./activation.ts";

// Numbers with decimals are from Python's math module.
describe("silu", () => {
  test.each([
    [-2, -0.2384058440442351],
    [0, 0],
    [1, 0.7310585786300049],
    [3, 2.8577223804673],
  ])("of %f is %f", (x, expected) => expect(silu(x)).toBeCloseTo(expected, 15));

  test("goes to 0 and to x at the far ends", () => {
    expect(silu(-1000)).toBeCloseTo(0, 300);
    expect(silu(1000)).toBe(1000);
  });
});

describe("softplus", () => {
  test.each([
    [-3, 0.04858735157374206],
    [0, Math.LN2],
    [2, 2.1269280110429727],
    [1000, 1000],
  ])("of %f is %f", (x, expected) => expect(softplus(x)).toBeCloseTo(expected, 15));

  test("keeps the digits of small results", () => {
    expect(softplus(-40) / Math.exp(-40)).toBeCloseTo(1, 15);
  });
});

test("squaredRelu squares what is above 0, and a NaN stays one", () => {
  expect([-2, 0, 3].map(squaredRelu)).toEqual([0, 0, 9]);
  expect(squaredRelu(Number.NaN)).toBeNaN();
});

test("without an activation x stays x", () => {
  expect(activate(undefined, -1.5)).toBe(-1.5);
});
