import type { Activation } from "@krait/tensor";
import type { Matrix } from "../matrix.ts";
import { activate } from "./activation.ts";

export interface LinearOptions {
  readonly bias?: Float32Array | undefined;
  readonly activation?: Activation | undefined;
  readonly residual?: Matrix | undefined;
}

/**
 * y[r, o] = activation(sum over i of weight[o, i] · x[r, i] + bias[o]) + residual[r, o]
 *
 * Each sum runs in order of i, in double precision, whichever rows share the step. Four outputs are
 * summed side by side: one chain of additions alone would wait for each to finish before the next.
 */
export function linear(
  rows: number,
  x: Matrix,
  weight: Float32Array,
  { bias, activation, residual }: LinearOptions,
  y: Matrix,
): void {
  const inputs = x.columns;
  const outputs = y.columns;
  const sums = new Float64Array(8);
  for (let o = 0; o < outputs; o += 4) {
    const count = Math.min(4, outputs - o);
    for (let row = 0; row < rows; row += 2) {
      const rowCount = Math.min(2, rows - row);
      const from = x.offset + row * x.stride;
      if (count < 4) sumEach(count, rowCount, x.data, from, x.stride, weight, o * inputs, inputs, sums);
      else if (rowCount === 2) sumTwoRows(x.data, from, x.stride, weight, o * inputs, inputs, sums);
      else sumOneRow(x.data, from, weight, o * inputs, inputs, sums);

      for (let r = 0; r < rowCount; r++) {
        for (let k = 0; k < count; k++) {
          const sum = sums[4 * r + k]! + (bias ? bias[o + k]! : 0);
          const rest = residual ? residual.data[residual.offset + (row + r) * residual.stride + o + k]! : 0;
          y.data[y.offset + (row + r) * y.stride + o + k] = activate(activation, sum) + rest;
        }
      }
    }
  }
}

/** sums[k] = sum over i of weight[w + k · inputs + i] · x[from + i], for k = 0 … 3 */
function sumOneRow(
  x: Float32Array,
  from: number,
  weight: Float32Array,
  w: number,
  inputs: number,
  sums: Float64Array,
): void {
  const w1 = w + inputs;
  const w2 = w1 + inputs;
  const w3 = w2 + inputs;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let i = 0; i < inputs; i++) {
    const xi = x[from + i]!;
    s0 += weight[w + i]! * xi;
    s1 += weight[w1 + i]! * xi;
    s2 += weight[w2 + i]! * xi;
    s3 += weight[w3 + i]! * xi;
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}

/** As {@link sumOneRow}, for a row and the next one, whose sums are 4 … 7. */
function sumTwoRows(
  x: Float32Array,
  from: number,
  stride: number,
  weight: Float32Array,
  w: number,
  inputs: number,
  sums: Float64Array,
): void {
  const next = from + stride;
  const w1 = w + inputs;
  const w2 = w1 + inputs;
  const w3 = w2 + inputs;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let s4 = 0;
  let s5 = 0;
  let s6 = 0;
  let s7 = 0;
  for (let i = 0; i < inputs; i++) {
    const a = x[from + i]!;
    const b = x[next + i]!;
    const k0 = weight[w + i]!;
    const k1 = weight[w1 + i]!;
    const k2 = weight[w2 + i]!;
    const k3 = weight[w3 + i]!;
    s0 += k0 * a;
    s1 += k1 * a;
    s2 += k2 * a;
    s3 += k3 * a;
    s4 += k0 * b;
    s5 += k1 * b;
    s6 += k2 * b;
    s7 += k3 * b;
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
  sums[4] = s4;
  sums[5] = s5;
  sums[6] = s6;
  sums[7] = s7;
}

/** The same sums one after the other, for the last outputs where fewer than four are left. */
function sumEach(
  count: number,
  rowCount: number,
  x: Float32Array,
  from: number,
  stride: number,
  weight: Float32Array,
  w: number,
  inputs: number,
  sums: Float64Array,
): void {
  for (let r = 0; r < rowCount; r++) {
    for (let k = 0; k < count; k++) {
      let sum = 0;
      for (let i = 0; i < inputs; i++) sum += weight[w + k * inputs + i]! * x[from + r * stride + i]!;
      sums[4 * r + k] = sum;
    }
  }
}
