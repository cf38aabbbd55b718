import { describe, expect, test } from "vitest";
import { philox4x32 } from "./philox.ts";
import { seedToKey, uniformAt } from "./uniform.ts";

// Random123 1.14.0, tests/kat_vectors, the rows "philox4x32 10": counter, key, expected.
const KNOWN_ANSWERS = [
  "00000000 00000000 00000000 00000000 00000000 00000000 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
  "ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff 408f276d 41c83b0e a20bc7c6 6d5451fd",
  "243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0 d16cfe09 94fdcceb 5001e420 24126ea1",
];

describe("philox4x32", () => {
  test.each(KNOWN_ANSWERS)("gives the published answer for %s", (row) => {
    const words = row.split(" ").map((word) => Number.parseInt(word, 16));
    const [c0, c1, c2, c3, k0, k1, ...expected] = words as [number, number, number, number, number, number];
    expect(philox4x32([c0, c1, c2, c3], [k0, k1])).toEqual(expected);
  });
});

describe("uniformAt", () => {
  test("is the top 24 bits of the first word", () => {
    expect(uniformAt(seedToKey(0n), 0)).toBe(0x6627e8 / 2 ** 24);
  });

  test("is held exactly by single precision and is less than 1", () => {
    for (let position = 0; position < 10_000; position++) {
      const u = uniformAt(seedToKey(7n), position);
      expect(Math.fround(u)).toBe(u);
      expect(u).toBeGreaterThanOrEqual(0);
      expect(u).toBeLessThan(1);
    }
  });

  test("uses all 64 bits of the seed and all of the position", () => {
    const numbers = [
      uniformAt(seedToKey(5n), 3),
      uniformAt(seedToKey(5n + 2n ** 32n), 3),
      uniformAt(seedToKey(5n + 2n ** 63n), 3),
      uniformAt(seedToKey(5n), 3 + 2 ** 32),
      uniformAt(seedToKey(5n), 4),
    ];
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  test("falls evenly into bins, for positions of one seed and for seeds at one position", () => {
    const bins = 64;
    const draws = 64_000;
    for (const numberAt of [
      (i: number) => uniformAt(seedToKey(123n), i),
      (i: number) => uniformAt(seedToKey(BigInt(i)), 123),
    ]) {
      const counts = new Float64Array(bins);
      for (let i = 0; i < draws; i++) counts[Math.floor(numberAt(i) * bins)]!++;
      const expected = draws / bins;
      const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      expect(chiSquare).toBeLessThan(103.442); // the 0.999 quantile for 63 degrees of freedom
    }
  });
});
