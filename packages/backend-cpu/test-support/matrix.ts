import type { Matrix } from "../src/matrix.ts";

/** A matrix of these rows, as the columns from `offset` on of a wider value whose other columns are `filler`. */
export function matrixOf(
  rows: readonly (readonly number[])[],
  layout: { offset?: number; stride?: number; filler?: number } = {},
): Matrix {
  const columns = rows[0]?.length ?? 0;
  const { offset = 0, stride = offset + columns, filler = 0 } = layout;
  const data = new Float32Array(rows.length * stride).fill(filler);
  for (const [row, values] of rows.entries()) data.set(values, row * stride + offset);
  return { data, offset, stride, columns };
}

export function intMatrixOf(rows: readonly (readonly number[])[]): Matrix<Int32Array> {
  const columns = rows[0]?.length ?? 0;
  return { data: Int32Array.from(rows.flat()), offset: 0, stride: columns, columns };
}

/** A matrix to be written; what an op leaves alone stays NaN. */
export function blank(rows: number, columns: number): Matrix {
  return { data: new Float32Array(rows * columns).fill(Number.NaN), offset: 0, stride: columns, columns };
}

export function rowsOf({ data, offset, stride, columns }: Matrix<Float32Array | Int32Array>): number[][] {
  return Array.from({ length: data.length / stride }, (_, row) =>
    Array.from(data.subarray(row * stride + offset, row * stride + offset + columns)),
  );
}

/** Repeatable numbers from −1 to 1. Marsaglia 2003, "Xorshift RNGs". */
export function randomValues(count: number, seed: number): Float32Array {
  let state = Math.imul(2 * seed + 1, 0x9e3779b9);
  return Float32Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  });
}

export function randomMatrix(rows: number, columns: number, seed: number): Matrix {
  return { data: randomValues(rows * columns, seed), offset: 0, stride: columns, columns };
}
