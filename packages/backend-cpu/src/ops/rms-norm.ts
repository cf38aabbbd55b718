import type { Matrix } from "../matrix.ts";

/**
 * y[r, c] = x[r, c] / sqrt(mean over c of x[r, c]² + epsilon) · weight[c]
 *
 * Zhang & Sennrich 2019, arXiv:1910.07467, eq. 4.
 */
export function rmsNorm(rows: number, x: Matrix, weight: Float32Array, epsilon: number, y: Matrix): void {
  const columns = x.columns;
  for (let row = 0; row < rows; row++) {
    const from = x.offset + row * x.stride;
    const to = y.offset + row * y.stride;
    let sumOfSquares = 0;
    for (let c = 0; c < columns; c++) sumOfSquares += x.data[from + c]! * x.data[from + c]!;
    const scale = 1 / Math.sqrt(sumOfSquares / columns + epsilon);
    for (let c = 0; c < columns; c++) y.data[to + c] = x.data[from + c]! * scale * weight[c]!;
  }
}
