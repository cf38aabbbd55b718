// Values in NVIDIA's formats; scaled-formats.ts has the layouts.
//
//   fp8_e4m3   x / s, to nearest, ties to even
//   nvfp4      d = e4m3 nearest to max |x| / 6s; then x / (s · d), to the nearest e2m1, ties to even,
//              6 at most
//
// Source: the recipe of NVIDIA's TensorRT Model Optimizer. A block of which d would round to zero gets the
// smallest d there is.

import type { BlockEncoder } from "./block-encoder.ts";
import { e2m1 } from "./codebook-blocks.ts";
import { e4m3 } from "./scaled-formats.ts";

/** The magnitudes that a byte's, or a nibble's, lower bits count through. */
const e4m3Magnitudes: readonly number[] = [...e4m3.subarray(0, 127)];
const e2m1Magnitudes: readonly number[] = e2m1.slice(0, 8);

export const encodeFp8E4m3: BlockEncoder = (values, i, view, at, scale) => {
  const value = values[i]! / scale;
  view.setUint8(at, signOf(value, 128) | nearest(e4m3Magnitudes, Math.abs(value)));
};

export const encodeNvfp4: BlockEncoder = (values, i, view, at, scale) => {
  let largest = 0;
  for (let j = i; j < i + 16; j++) largest = Math.max(largest, Math.abs(values[j]!));
  const block = largest === 0 ? 0 : Math.max(1, nearest(e4m3Magnitudes, largest / (6 * scale)));
  const d = scale * e4m3[block]!;
  const nibble = (value: number): number =>
    block === 0 ? 0 : signOf(value, 8) | nearest(e2m1Magnitudes, Math.abs(value / d));
  view.setUint8(at, block);
  for (let j = 0; j < 8; j++) {
    view.setUint8(at + 1 + j, nibble(values[i + 2 * j]!) | (nibble(values[i + 2 * j + 1]!) << 4));
  }
};

const signOf = (value: number, bit: number): number => (value < 0 || Object.is(value, -0) ? bit : 0);

/** The index of the magnitude next to x, the even one of two; the last for all beyond. */
function nearest(magnitudes: readonly number[], x: number): number {
  let low = 0;
  let high = magnitudes.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const midpoint = (magnitudes[middle]! + magnitudes[middle + 1]!) / 2;
    if (x > midpoint || (x === midpoint && middle % 2 === 1)) low = middle + 1;
    else high = middle;
  }
  return low;
}
