// Blocks of 32 values, made as ggml's reference makes them; blocks-of-32.ts has the layouts.
//
//          d                        q
//   q4_0   extreme / −8             trunc(x / d + 8.5), 15 at most
//   q4_1   (max − min) / 15         trunc((x − min) / d + 0.5), 15 at most
//   q5_0   extreme / −16            trunc(x / d + 16.5), 31 at most
//   q5_1   (max − min) / 31         trunc((x − min) / d + 0.5)
//   q8_0   |extreme| / 127          x / d, rounded half away from zero
//
// The extreme is the value of the largest magnitude, with its sign. Every operation is rounded to f32, and a
// division by d is a multiplication by 1 / d before d becomes f16, since ggml's bits are to be met.
//
// Source: quantize_row_*_ref of ggml (ggml-quants.c).

import { f32ToF16 } from "../half-float.ts";
import type { BlockEncoder } from "./block-encoder.ts";

const { fround } = Math;

export const encodeQ4_0: BlockEncoder = (values, i, view, at) => {
  const d = fround(extremeOf(values, i) / -8);
  const inverse = inverseOf(d);
  view.setUint16(at, f32ToF16(d), true);
  const level = (x: number): number => Math.min(15, Math.trunc(fround(fround(x * inverse) + 8.5)));
  for (let j = 0; j < 16; j++) {
    view.setUint8(at + 2 + j, level(values[i + j]!) | (level(values[i + j + 16]!) << 4));
  }
};

export const encodeQ4_1: BlockEncoder = (values, i, view, at) => {
  const { minimum, maximum } = rangeOf(values, i);
  const d = fround(fround(maximum - minimum) / 15);
  const inverse = inverseOf(d);
  view.setUint16(at, f32ToF16(d), true);
  view.setUint16(at + 2, f32ToF16(minimum), true);
  const level = (x: number): number =>
    Math.min(15, Math.trunc(fround(fround(fround(x - minimum) * inverse) + 0.5)));
  for (let j = 0; j < 16; j++) {
    view.setUint8(at + 4 + j, level(values[i + j]!) | (level(values[i + j + 16]!) << 4));
  }
};

export const encodeQ5_0: BlockEncoder = (values, i, view, at) => {
  const d = fround(extremeOf(values, i) / -16);
  const inverse = inverseOf(d);
  view.setUint16(at, f32ToF16(d), true);
  const level = (x: number): number => Math.min(31, Math.trunc(fround(fround(x * inverse) + 16.5)));
  writeFiveBits(values, i, view, at + 2, level);
};

export const encodeQ5_1: BlockEncoder = (values, i, view, at) => {
  const { minimum, maximum } = rangeOf(values, i);
  const d = fround(fround(maximum - minimum) / 31);
  const inverse = inverseOf(d);
  view.setUint16(at, f32ToF16(d), true);
  view.setUint16(at + 2, f32ToF16(minimum), true);
  const level = (x: number): number => Math.trunc(fround(fround(fround(x - minimum) * inverse) + 0.5));
  writeFiveBits(values, i, view, at + 4, level);
};

export const encodeQ8_0: BlockEncoder = (values, i, view, at) => {
  const d = fround(Math.abs(extremeOf(values, i)) / 127);
  const inverse = inverseOf(d);
  view.setUint16(at, f32ToF16(d), true);
  for (let j = 0; j < 32; j++) {
    const x = fround(values[i + j]! * inverse);
    view.setInt8(at + 2 + j, Math.trunc(x + (x < 0 ? -0.5 : 0.5)));
  }
};

/** The high bits, a u32, and then the nibbles. */
function writeFiveBits(
  values: Float32Array,
  i: number,
  view: DataView,
  at: number,
  level: (x: number) => number,
): void {
  let high = 0;
  for (let j = 0; j < 16; j++) {
    const first = level(values[i + j]!);
    const second = level(values[i + j + 16]!);
    view.setUint8(at + 4 + j, (first & 15) | ((second & 15) << 4));
    high |= ((first >>> 4) << j) | ((second >>> 4) << (j + 16));
  }
  view.setUint32(at, high >>> 0, true);
}

/** Of the largest magnitude, the first of several. */
function extremeOf(values: Float32Array, i: number): number {
  let extreme = 0;
  for (let j = i; j < i + 32; j++) {
    if (Math.abs(values[j]!) > Math.abs(extreme)) extreme = values[j]!;
  }
  return extreme;
}

function rangeOf(values: Float32Array, i: number): { minimum: number; maximum: number } {
  let minimum = values[i]!;
  let maximum = minimum;
  for (let j = i + 1; j < i + 32; j++) {
    const x = values[j]!;
    if (x < minimum) minimum = x;
    if (x > maximum) maximum = x;
  }
  return { minimum, maximum };
}

/** 1 / d, or 0 for a block of zeros. */
function inverseOf(d: number): number {
  return d === 0 ? 0 : fround(1 / d);
}
