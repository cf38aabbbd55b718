import { expect, test } from "vitest";
import { meanDivergence, softmax } from "./divergence.ts";

test("probabilities sum to one, however large the logits", () => {
  expect([...softmax(Float32Array.of(1000, 1000 + Math.log(3)))]).toEqual([
    expect.closeTo(0.25, 4),
    expect.closeTo(0.75, 4),
  ]);
});

test("the divergence is what the formula says, and its mean over rows", () => {
  const p = [0.5, 0.5];
  const q = [0.25, 0.75];
  const expected = 0.5 * Math.log(2) + 0.5 * Math.log(2 / 3);
  expect(meanDivergence([p], [q])).toBeCloseTo(expected, 12);
  expect(meanDivergence([p, p], [q, p])).toBeCloseTo(expected / 2, 12);
  expect(meanDivergence([p], [p])).toBe(0);
});

test("a probability of zero costs much where the reference has some, and nothing where it has none", () => {
  expect(meanDivergence([[1, 0]], [[1, 0]])).toBe(0);
  expect(meanDivergence([[0.5, 0.5]], [[1, 0]])).toBeGreaterThan(30);
});

test("another number of rows is refused", () => {
  expect(() => meanDivergence([[1]], [])).toThrow("There are 1 rows, but 0");
});
