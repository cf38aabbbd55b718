import fc from "fast-check";
import { expect, test } from "vitest";
import { FreeList } from "./free-list.ts";

test("regions never overlap, and all of them given back leave nothing", () => {
  const actions = fc.array(fc.record({ give: fc.boolean(), bytes: fc.nat(500), which: fc.nat() }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(actions, (list) => {
      const regions = new FreeList(100);
      const held: [start: number, bytes: number][] = [];
      for (const { give, bytes, which } of list) {
        if (give && held.length > 0) regions.give(...held.splice(which % held.length, 1)[0]!);
        else held.push([regions.take(bytes), bytes]);
        const sorted = held.toSorted(([a], [b]) => a - b);
        for (const [index, [start, size]] of sorted.entries()) {
          expect(start).toBeGreaterThanOrEqual(100);
          expect(start + size).toBeLessThanOrEqual(sorted[index + 1]?.[0] ?? regions.end);
        }
      }
      for (const region of held) regions.give(...region);
      expect(regions.end).toBe(128);
      expect(regions.take(1000)).toBe(128);
    }),
  );
});

test("what was given back is handed out again", () => {
  const regions = new FreeList(0);
  const [a, b] = [regions.take(64), regions.take(128), regions.take(64)];
  regions.give(a!, 64);
  regions.give(b!, 128);
  expect(regions.take(192)).toBe(a);
  expect(regions.end).toBe(256);
});
