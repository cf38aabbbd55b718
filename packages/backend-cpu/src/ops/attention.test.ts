import { PAGE_SIZE } from "@krait/tensor";
import { describe, expect, test } from "vitest";
import { expectClose } from "../../test-support/close.ts";
import { blank, matrixOf, randomMatrix, randomValues, rowsOf } from "../../test-support/matrix.ts";
import type { Matrix } from "../matrix.ts";
import type { PagedState } from "../paged-state.ts";
import { type AttentionSizes, attention } from "./attention.ts";
import type { PagedRows } from "./write-kv.ts";

const f32 = (data: Float32Array): PagedState => ({ dtype: "f32", data });

/** The formula, position by position, without lanes or pages at once. */
function attentionByDefinition(
  query: Matrix,
  { heads, keyValueHeads, headDim, scale }: AttentionSizes,
  { slot, position, pageTable, maxPages }: PagedRows,
  keys: Float32Array,
  values: Float32Array,
): number[][] {
  return Array.from(slot, (s, row) => {
    const result: number[] = [];
    for (let head = 0; head < heads; head++) {
      const k = Math.floor(head / (heads / keyValueHeads));
      const element = (p: number, i: number) => {
        const page = pageTable[s * maxPages + Math.floor(p / PAGE_SIZE)]!;
        return ((page * PAGE_SIZE + (p % PAGE_SIZE)) * keyValueHeads + k) * headDim + i;
      };
      const scores: number[] = [];
      for (let p = 0; p <= position[row]!; p++) {
        let score = 0;
        for (let i = 0; i < headDim; i++) {
          score += query.data[row * query.stride + head * headDim + i]! * keys[element(p, i)]!;
        }
        scores.push(scale * score);
      }
      const largest = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - largest));
      const sum = weights.reduce((a, b) => a + b, 0);
      for (let i = 0; i < headDim; i++) {
        result.push(weights.reduce((total, weight, p) => total + weight * values[element(p, i)]!, 0) / sum);
      }
    }
    return result;
  });
}

describe("attention", () => {
  test("weighs the values of all positions up to the row's own by the softmax of the scores", () => {
    // Two query heads share one key-value head; three positions. Numbers from NumPy.
    const keys = new Float32Array(PAGE_SIZE * 2);
    const values = new Float32Array(PAGE_SIZE * 2);
    keys.set([1, 2, 0, 1, -1, 0.5, /* not seen */ 100, 100]);
    values.set([1, -1, 2, 0, 4, 8, /* not seen */ 1e9, 1e9]);
    const y = blank(1, 4);
    attention(
      1,
      matrixOf([[1, 0, 0.5, -1]]),
      { heads: 2, keyValueHeads: 1, headDim: 2, scale: 0.5 },
      { slot: Int32Array.of(0), position: Int32Array.of(2), pageTable: Int32Array.of(0), maxPages: 1 },
      f32(keys),
      f32(values),
      y,
    );
    expectClose(
      rowsOf(y)[0]!,
      [1.8661670553960412, 0.9841093947511267, 2.4394698692933305, 2.598674673233327],
    );
  });

  test("the first position sees itself alone", () => {
    const values = randomValues(PAGE_SIZE * 2, 3);
    const y = blank(1, 2);
    attention(
      1,
      matrixOf([[3, -4]]),
      { heads: 1, keyValueHeads: 1, headDim: 2, scale: 1 },
      { slot: Int32Array.of(0), position: Int32Array.of(0), pageTable: Int32Array.of(0), maxPages: 1 },
      f32(randomValues(PAGE_SIZE * 2, 2)),
      f32(values),
      y,
    );
    expect([...y.data]).toEqual([...values.subarray(0, 2)]);
  });

  test.each([
    { heads: 4, keyValueHeads: 2, headDim: 8 },
    { heads: 5, keyValueHeads: 1, headDim: 3 },
    { heads: 3, keyValueHeads: 3, headDim: 1 },
  ])(
    "equals the definition for $heads/$keyValueHeads heads of $headDim over rows of several sequences",
    (shape) => {
      const sizes = { ...shape, scale: 1 / Math.sqrt(shape.headDim) };
      const pages = 7;
      const size = pages * PAGE_SIZE * shape.keyValueHeads * shape.headDim;
      const keys = randomValues(size, 11);
      const values = randomValues(size, 12);
      const place = {
        slot: Int32Array.of(1, 1, 1, 1, 1, 0, 2, 2),
        position: Int32Array.of(30, 31, 32, 33, 34, 95, 0, 1),
        pageTable: Int32Array.of(3, 0, 6, /* slot 1 */ 5, 1, -1, /* slot 2 */ 2, -1, -1),
        maxPages: 3,
      };
      const query = randomMatrix(8, shape.heads * shape.headDim, 13);
      const y = blank(8, shape.heads * shape.headDim);
      attention(8, query, sizes, place, f32(keys), f32(values), y);
      const expected = attentionByDefinition(query, sizes, place, keys, values);
      expectClose(y.data, expected.flat(), 1e-7);
    },
  );

  test("a row's bits do not depend on the rows beside it", () => {
    const sizes = { heads: 4, keyValueHeads: 2, headDim: 6, scale: 0.4 };
    const keys = randomValues(3 * PAGE_SIZE * 12, 21);
    const values = randomValues(3 * PAGE_SIZE * 12, 22);
    const rows = 70;
    const query = randomMatrix(rows, 24, 23);
    const pageTable = Int32Array.of(2, 0, 1);
    const slot = new Int32Array(rows);
    const position = Int32Array.from({ length: rows }, (_, row) => row);
    const together = blank(rows, 24);
    attention(
      rows,
      query,
      sizes,
      { slot, position, pageTable, maxPages: 3 },
      f32(keys),
      f32(values),
      together,
    );
    for (let row = 0; row < rows; row++) {
      const alone = blank(1, 24);
      const own = { ...query, data: query.data.subarray(row * 24, row * 24 + 24) };
      const place = { slot, position: position.subarray(row), pageTable, maxPages: 3 };
      attention(1, own, sizes, place, f32(keys), f32(values), alone);
      expect(rowsOf(alone)[0]).toEqual(rowsOf(together)[row]);
    }
  });

  test("a later row that has gone to infinity leaves earlier rows as they are", () => {
    const sizes = { heads: 1, keyValueHeads: 1, headDim: 2, scale: 1 };
    const keys = randomValues(PAGE_SIZE * 2, 31);
    const values = randomValues(PAGE_SIZE * 2, 32);
    values.set([Infinity, Number.NaN], 3 * 2);
    keys.set([Number.NaN, Infinity], 3 * 2);
    const place = {
      slot: new Int32Array(4),
      position: Int32Array.of(0, 1, 2, 3),
      pageTable: Int32Array.of(0),
      maxPages: 1,
    };
    const y = blank(4, 2);
    attention(4, randomMatrix(4, 2, 33), sizes, place, f32(keys), f32(values), y);
    expect(rowsOf(y).map((row) => row.some(Number.isNaN))).toEqual([false, false, false, true]);
  });

  test("padding gives zeros", () => {
    const place = {
      slot: Int32Array.of(-1, 0, -1),
      position: new Int32Array(3),
      pageTable: Int32Array.of(0),
      maxPages: 1,
    };
    const y = blank(3, 2);
    const state = f32(randomValues(PAGE_SIZE * 2, 41));
    const sizes = { heads: 1, keyValueHeads: 1, headDim: 2, scale: 1 };
    attention(3, randomMatrix(3, 2, 42), sizes, place, state, state, y);
    expect(rowsOf(y)[0]).toEqual([0, 0]);
    expect(rowsOf(y)[1]).not.toEqual([0, 0]);
    expect(rowsOf(y)[2]).toEqual([0, 0]);
  });
});
