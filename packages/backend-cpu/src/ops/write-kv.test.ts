import { PAGE_SIZE } from "@krait/tensor";
import { expect, test } from "vitest";
import { matrixOf } from "../../test-support/matrix.ts";
import { type PagedState, PageReader } from "../paged-state.ts";
import { writeKv } from "./write-kv.ts";

const place = {
  slot: Int32Array.of(1, -1, 0),
  position: Int32Array.of(PAGE_SIZE + 3, 0, 2),
  pageTable: Int32Array.of(2, -1, /* slot 1 */ 1, 0),
  maxPages: 2,
};
const key = matrixOf([
  [1.1, 2],
  [3, 4],
  [5, 6],
]);
const value = matrixOf(
  [
    [-1.1, -2],
    [-3, -4],
    [-5, -6],
  ],
  { offset: 2, stride: 8 },
);

test("writes each row at its position in its slot's page; padding writes nothing", () => {
  const keys = { dtype: "f32", data: new Float32Array(3 * PAGE_SIZE * 2) } as const;
  const values = { dtype: "f32", data: new Float32Array(3 * PAGE_SIZE * 2) } as const;
  writeKv(3, key, value, place, keys, values);
  const expected = new Float32Array(3 * PAGE_SIZE * 2);
  expected.set([1.1, 2], 3 * 2); // page 0, position 3
  expected.set([5, 6], (2 * PAGE_SIZE + 2) * 2); // page 2, position 2
  expect(keys.data).toEqual(expected);
  expect(values.data).toEqual(expected.map((v) => 0 - v));
});

test.each([
  // 1.1 = 1.0001100110…₂: 10 fraction bits for f16, 7 for bf16, to nearest.
  ["f16", 0x3c66, 1.099609375],
  ["bf16", 0x3f8d, 1.1015625],
] as const)(
  "%s keys are rounded on writing and decoded on reading, head by head",
  (dtype, stored, decoded) => {
    const state = (): PagedState & { data: Uint16Array } => ({
      dtype,
      data: new Uint16Array(3 * PAGE_SIZE * 2),
    });
    const keys = state();
    writeKv(3, key, value, place, keys, state());
    expect(keys.data[3 * 2]).toBe(stored);

    const reader = new PageReader(keys, 2, 1); // two heads of one channel
    reader.moveTo(0, 0);
    expect(reader.data[reader.offset + 3 * reader.stride]).toBe(decoded);
    reader.moveTo(0, 1);
    expect(reader.data[reader.offset + 3 * reader.stride]).toBe(2);

    const pairs = new PageReader(keys, 1, 2); // the same as one head of two channels
    pairs.moveTo(2, 0);
    expect([...pairs.data.subarray(2 * pairs.stride, 2 * pairs.stride + 2)]).toEqual([5, 6]);
  },
);
