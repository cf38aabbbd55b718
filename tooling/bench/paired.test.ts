import { expect, test } from "vitest";
import { inTurn, median, medianRatio } from "./paired.ts";

test("contenders take turns, and every other round runs backwards", async () => {
  const order: string[] = [];
  const contender = (name: string) => async () => {
    order.push(name);
    return { value: order.length, cpuSeconds: 0 };
  };
  const { values, busy } = await inTurn({ a: contender("a"), b: contender("b") }, 3);
  expect(order.join("")).toBe("abbaab");
  expect(values).toEqual({ a: [1, 4, 5], b: [2, 3, 6] });
  expect(busy).toBeGreaterThanOrEqual(0);
  expect(busy).toBeLessThanOrEqual(1);
});

test("a slow minute that hits both of a pair leaves the median of the ratios alone", () => {
  expect(medianRatio([20, 4, 22], [10, 2, 10])).toBe(2);
});

test("the median of an even number of values lies between the middle two", () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
});
