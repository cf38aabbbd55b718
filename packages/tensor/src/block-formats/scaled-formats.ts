// NVIDIA's formats, whose values are multiplied by one f32 scale s of the whole tensor.
//
//              bytes of a block            value
//   fp8_e4m3   e4m3                        s · e4m3(byte)
//   nvfp4      d e4m3, 8 of nibbles        s · e4m3(d) · e2m1[q]          16 values
//
//   e4m3       1 sign, 4 exponent bits (bias 7), 3 fraction bits; subnormals, no infinity; all ones is NaN
//
// Byte j of the nibbles holds value 2j in its low half and value 2j + 1 in its high half. A checkpoint of
// NVIDIA's keeps nibbles and block scales in two tensors; here a block has both, as ggml's blocks do.
//
// Sources: OCP 8-bit Floating Point Specification (OFP8) 1.0, 2023, table 2, for E4M3; OCP Microscaling
// Formats (MX) Specification 1.0, 2023, for E2M1; NVIDIA, "Introducing NVFP4 for Efficient and Accurate
// Low-Precision Inference", 2025, for the two levels of scales.

import { KraitError } from "../errors.ts";
import { type Format, isScaled, type ScaledFormat } from "../format.ts";
import type { BlockDecoder } from "./block-decoder.ts";
import { e2m1 } from "./codebook-blocks.ts";

/** The value of each byte. */
export const e4m3: Float32Array = Float32Array.from({ length: 256 }, (_, byte) => {
  const exponent = (byte >>> 3) & 15;
  const fraction = byte & 7;
  if (exponent === 15 && fraction === 7) return Number.NaN;
  const magnitude = exponent === 0 ? fraction * 2 ** -9 : (8 + fraction) * 2 ** (exponent - 10);
  return byte < 128 ? magnitude : -magnitude;
});

/** The largest magnitude that each format holds at a scale of 1: 448 is E4M3's, 6 is E2M1's. */
export const largestMagnitudes: Readonly<Record<ScaledFormat, number>> = {
  fp8_e4m3: 448,
  nvfp4: 448 * 6,
};

export const fp8_e4m3: BlockDecoder = (view, at, values, i, scale) => {
  values[i] = scale * e4m3[view.getUint8(at)]!;
};

export const nvfp4: BlockDecoder = (view, at, values, i, scale) => {
  const d = scale * e4m3[view.getUint8(at)]!;
  for (let j = 0; j < 8; j++) {
    const byte = view.getUint8(at + 1 + j);
    values[i + 2 * j] = d * e2m1[byte & 15]!;
    values[i + 2 * j + 1] = d * e2m1[byte >>> 4]!;
  }
};

/**
 * The scale of a tensor whose largest magnitude becomes the largest that its format holds; 1 for zeros.
 *
 * @param largestMagnitude - of the whole tensor's values.
 */
export function scaleFor(format: ScaledFormat, largestMagnitude: number): number {
  return Math.fround(largestMagnitude / largestMagnitudes[format]) || 1;
}

/** @throws {KraitError} `SCALE_INVALID` for a scale that is not a positive f32, or of a format that has none. */
export function requireScale(format: Format, scale: number): void {
  if (isScaled(format) ? scale > 0 && Number.isFinite(Math.fround(scale)) : scale === 1) return;
  throw new KraitError(
    "SCALE_INVALID",
    isScaled(format)
      ? `The scale of a tensor in ${format} should be a positive number that f32 holds, but is ${scale}.`
      : `A tensor in ${format} has no scale of its own, but ${scale} was given.`,
  );
}
