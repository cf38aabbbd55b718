// Blocks of 256 values, made as ggml's reference makes them; k-quants.ts has the layouts.
//
// Each sub-block gets a scale, and in q2_k, q4_k and q5_k a minimum, by fit-scale.ts and fit-line.ts. The
// block's own scale is such that the largest of them becomes the largest integer there is; then every level
// is chosen anew, for the scale and minimum as they were rounded.
//
// Source: quantize_row_*_ref of ggml (ggml-quants.c).

import { f16ToF32, f32ToF16 } from "../half-float.ts";
import type { BlockEncoder } from "./block-encoder.ts";
import { fitLine, type LineSearch } from "./fit-line.ts";
import { fitScale, moveLevels, nearestInteger, TINY } from "./fit-scale.ts";
import { addBits, q3Scale, q4Minimum, q4Scale, setQ3Scale, setQ4Scale } from "./k-quant-scales.ts";
import { twoBitShift } from "./k-quants.ts";

const { fround } = Math;

// Of the block in work. An encoder runs from start to end, so one of each is enough.
const block = new Float32Array(256);
const levels = new Uint8Array(256);
const scales = new Float32Array(16);
const minima = new Float32Array(16);

const nearLevels: LineSearch = { first: -0.5, steps: 15, error: "squared" };
const nearLevelsByMagnitude: LineSearch = { first: -0.5, steps: 15, error: "absolute" };
const wideRange: LineSearch = { first: -1, steps: 20, error: "squared" };

export const encodeQ2K: BlockEncoder = (values, i, view, at) => {
  block.set(values.subarray(i, i + 256));
  const weights = new Float32Array(16);
  for (let sub = 0; sub < 16; sub++) {
    for (let j = 0; j < 16; j++) weights[j] = Math.abs(block[16 * sub + j]!);
    fitSub(sub, weights, 3, nearLevelsByMagnitude);
  }
  const [d, m] = writeScales(view, at + 80, 16, 15, (sub, scale, minimum) =>
    view.setUint8(at + sub, scale | (minimum << 4)),
  );
  for (let sub = 0; sub < 16; sub++) {
    const both = view.getUint8(at + sub);
    chooseLevels(sub, 16, fround(d * (both & 15)), fround(m * (both >>> 4)), 0, 3);
  }
  writeTwoBitPlanes(view, at + 16);
};

export const encodeQ3K: BlockEncoder = (values, i, view, at) => {
  block.set(values.subarray(i, i + 256));
  for (let sub = 0; sub < 16; sub++) scales[sub] = moveLevels(block, 16 * sub, 16, 4, levels);
  const extreme = extremeScale();
  const inverse = extreme === 0 ? 0 : fround(-32 / extreme);
  const d16 = extreme === 0 ? 0 : f32ToF16(fround(1 / inverse));
  view.setUint16(at + 108, d16, true);
  for (let sub = 0; sub < 16 && extreme !== 0; sub++) {
    const scale = nearestInteger(fround(inverse * scales[sub]!));
    setQ3Scale(view, at + 96, sub, Math.max(-32, Math.min(31, scale)));
  }
  for (let sub = 0; sub < 16; sub++) {
    chooseLevels(sub, 16, fround(f16ToF32(d16) * q3Scale(view, at + 96, sub)), 0, -4, 3);
  }
  for (let j = 0; j < 256; j++) addBits(view, at + (j & 31), (levels[j]! >>> 2) << (j >>> 5));
  writeTwoBitPlanes(view, at + 32);
};

export const encodeQ4K: BlockEncoder = (values, i, view, at) => {
  fitLines(values, i, view, at, 15, wideRange);
  writeNibblePlanes(view, at + 16, 32);
};

export const encodeQ5K: BlockEncoder = (values, i, view, at) => {
  fitLines(values, i, view, at, 31, nearLevels);
  for (let j = 0; j < 256; j++) addBits(view, at + 16 + (j & 31), (levels[j]! >>> 4) << (j >>> 5));
  writeNibblePlanes(view, at + 48, 32);
};

export const encodeQ6K: BlockEncoder = (values, i, view, at) => {
  block.set(values.subarray(i, i + 256));
  for (let sub = 0; sub < 16; sub++) scales[sub] = fitScale(block, 16 * sub, 16, 32, levels);
  const extreme = extremeScale();
  if (Math.abs(extreme) < TINY) return; // zeros, as the block is
  const inverse = fround(-128 / extreme);
  const d16 = f32ToF16(fround(1 / inverse));
  view.setUint16(at + 208, d16, true);
  for (let sub = 0; sub < 16; sub++) {
    const scale = Math.min(127, nearestInteger(fround(inverse * scales[sub]!)));
    view.setInt8(at + 192 + sub, scale);
    chooseLevels(sub, 16, fround(f16ToF32(d16) * scale), 0, -32, 31);
  }
  for (let j = 0; j < 256; j++) {
    addBits(view, at + 128 + (j >>> 7) * 32 + (j & 31), (levels[j]! >>> 4) << twoBitShift(j));
  }
  writeNibblePlanes(view, at, 64);
};

/** What q4_k and q5_k share: everything before the levels are packed. */
function fitLines(
  values: Float32Array,
  i: number,
  view: DataView,
  at: number,
  most: number,
  search: LineSearch,
): void {
  block.set(values.subarray(i, i + 256));
  const weights = new Float32Array(32);
  for (let sub = 0; sub < 8; sub++) {
    let squares = 0;
    for (let j = 32 * sub; j < 32 * sub + 32; j++) squares = fround(squares + fround(block[j]! * block[j]!));
    const average = fround(Math.sqrt(fround(squares / 32)));
    for (let j = 0; j < 32; j++) weights[j] = fround(average + Math.abs(block[32 * sub + j]!));
    fitSub(sub, weights, most, search);
  }
  const [d, m] = writeScales(view, at, 8, 63, (sub, scale, minimum) =>
    setQ4Scale(view, at + 4, sub, scale, minimum),
  );
  for (let sub = 0; sub < 8; sub++) {
    const scale = fround(d * q4Scale(view, at + 4, sub));
    chooseLevels(sub, 32, scale, fround(m * q4Minimum(view, at + 4, sub)), 0, most);
  }
}

/** A line through the values of one sub-block, which are as many as the weights. */
function fitSub(sub: number, weights: Float32Array, most: number, search: LineSearch): void {
  const { scale, minimum } = fitLine(block, sub * weights.length, weights, most, levels, search);
  scales[sub] = scale;
  minima[sub] = minimum;
}

/**
 * Rounds the first `count` scales and minima to integers up to `most`, and writes what they are multiplied
 * with: two f16 numbers at byte `at`.
 *
 * @returns those two, as they were rounded.
 */
function writeScales(
  view: DataView,
  at: number,
  count: number,
  most: number,
  set: (sub: number, scale: number, minimum: number) => void,
): readonly [d: number, m: number] {
  let largestScale = 0;
  let largestMinimum = 0;
  for (let sub = 0; sub < count; sub++) {
    if (scales[sub]! > largestScale) largestScale = scales[sub]!;
    if (minima[sub]! > largestMinimum) largestMinimum = minima[sub]!;
  }
  const inverseScale = largestScale > 0 ? fround(most / largestScale) : 0;
  const inverseMinimum = largestMinimum > 0 ? fround(most / largestMinimum) : 0;
  for (let sub = 0; sub < count; sub++) {
    const scale = nearestInteger(fround(inverseScale * scales[sub]!));
    const minimum = nearestInteger(fround(inverseMinimum * minima[sub]!));
    set(sub, Math.min(most, scale), Math.min(most, minimum));
  }
  const d16 = f32ToF16(fround(largestScale / most));
  const m16 = f32ToF16(fround(largestMinimum / most));
  view.setUint16(at, d16, true);
  view.setUint16(at + 2, m16, true);
  return [f16ToF32(d16), f16ToF32(m16)];
}

/** The scale of the largest magnitude. */
function extremeScale(): number {
  let extreme = 0;
  for (const scale of scales) if (Math.abs(scale) > Math.abs(extreme)) extreme = scale;
  return extreme;
}

/** The levels next to (x + minimum) / scale, counted from `least`; those of the fit where the scale is 0. */
function chooseLevels(
  sub: number,
  count: number,
  scale: number,
  minimum: number,
  least: number,
  most: number,
): void {
  if (scale === 0) return;
  for (let j = sub * count; j < sub * count + count; j++) {
    const level = nearestInteger(fround(fround(block[j]! + minimum) / scale));
    levels[j] = Math.max(least, Math.min(most, level)) - least;
  }
}

/** The low two bits of all levels, four planes to 32 bytes. */
function writeTwoBitPlanes(view: DataView, at: number): void {
  for (let j = 0; j < 256; j++)
    addBits(view, at + (j >>> 7) * 32 + (j & 31), (levels[j]! & 3) << twoBitShift(j));
}

/** The low four bits of all levels, two planes to as many bytes as a plane has values. */
function writeNibblePlanes(view: DataView, at: number, plane: number): void {
  for (let j = 0; j < 256; j += 2 * plane) {
    for (let k = j; k < j + plane; k++) {
      view.setUint8(at + (j >>> 1) + k - j, (levels[k]! & 15) | ((levels[k + plane]! & 15) << 4));
    }
  }
}
