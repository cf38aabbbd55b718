import { describe, expect, test } from "vitest";
import { resolveShape } from "./extents.ts";
import { byteLength, elementCount } from "./format.ts";
import { stateBytes, stateUnitBytes } from "./state.ts";

test("elementCount multiplies the dimensions; a scalar is one element", () => {
  expect([[3, 4, 5], [7], [], [3, 0]].map(elementCount)).toEqual([60, 7, 1, 0]);
});

test.each([
  ["f32", 24],
  ["f16", 12],
  ["bf16", 12],
  ["i32", 24],
  ["u32", 24],
] as const)("a [2, 3] tensor of %s takes %d bytes", (format, bytes) => {
  expect(byteLength({ shape: [2, 3], format })).toBe(bytes);
});

test("byteLength is exact beyond 32 bits", () => {
  expect(byteLength({ shape: [131072, 16384], format: "f32" })).toBe(2 ** 33);
});

describe("a state", () => {
  test("per slot or output row takes its shape for each", () => {
    const spec = { count: 5, shape: [2, 3], dtype: "f32" } as const;
    for (const per of ["slot", "outputRow"] as const) {
      expect(stateUnitBytes({ per, ...spec })).toBe(24);
      expect(stateBytes({ per, ...spec })).toBe(120);
    }
  });

  test("per page takes its shape for each of the page's 32 positions", () => {
    const keys = { per: "page", count: 3, shape: [8, 128], dtype: "f16" } as const;
    expect(stateUnitBytes(keys)).toBe(65536);
    expect(stateBytes(keys)).toBe(196608);
  });
});

test("resolveShape puts a step's extents in place of their names", () => {
  const extents = { rows: 7, segments: 3, longestSegment: 5, context: 99, outputRows: 2 };
  expect(resolveShape(["rows", 4], extents)).toEqual([7, 4]);
  expect(resolveShape(["segments", "outputRows", 1], extents)).toEqual([3, 2, 1]);
});
