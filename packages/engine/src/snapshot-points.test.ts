import fc from "fast-check";
import { expect, test } from "vitest";
import { snapshotPoints } from "./snapshot-points.ts";

test("states are kept where messages end, before the last token, and every stride of what is long", () => {
  // System and tools end at 300, turns at 700 and 1200; what starts the answer follows.
  expect(snapshotPoints(1205, [300, 700, 1200], 4096, 16)).toEqual([300, 700, 1200]);
  expect(snapshotPoints(1300, [300, 700, 1200], 4096, 16)).toEqual([300, 700, 1200, 1299]);
  expect(snapshotPoints(10_000, [300], 4096, 16)).toEqual([300, 4096, 8192, 9999]);
  expect(snapshotPoints(100, [], 4096, 16)).toEqual([99]);
});

test("where there is little room, the last message's end comes first, then the first's, then the last token's", () => {
  const boundaries = [300, 700, 1200, 1250];
  expect(snapshotPoints(9000, boundaries, 4096, 1)).toEqual([1250]);
  expect(snapshotPoints(9000, boundaries, 4096, 2)).toEqual([300, 1250]);
  expect(snapshotPoints(9000, boundaries, 4096, 6)).toEqual([300, 1250, 8999]);
  expect(snapshotPoints(9000, boundaries, 4096, 10)).toEqual([300, 700, 1200, 1250, 8999]);
  expect(snapshotPoints(9000, boundaries, 4096, 0)).toEqual([]);
});

test("whatever the prompt, points lie within it, in order, and are no more than its share of the cache", () => {
  const lengths = fc.integer({ min: 1, max: 5000 });
  fc.assert(
    fc.property(
      lengths,
      fc.array(fc.nat(6000)),
      fc.integer({ min: 1, max: 3000 }),
      fc.nat(20),
      (length, at, stride, capacity) => {
        const points = snapshotPoints(length, at, stride, capacity);
        expect(points).toEqual([...new Set(points)].sort((a, b) => a - b));
        for (const point of points) expect(point > 0 && point < length).toBe(true);
        expect(points.length).toBeLessThanOrEqual(Math.min(capacity, Math.max(2, capacity / 2)));
      },
    ),
  );
});
