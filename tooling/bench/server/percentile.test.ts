import { expect, test } from "vitest";
import { percentile } from "./percentile.ts";

test("a percentile is the value of the nearest rank", () => {
  const values = [15, 20, 35, 40, 50];
  expect([5, 30, 40, 50, 100].map((share) => percentile(values, share))).toEqual([15, 20, 20, 35, 50]);
  expect(percentile([], 50)).toBeNaN();
});
