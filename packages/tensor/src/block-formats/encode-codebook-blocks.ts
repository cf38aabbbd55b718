// Blocks of indices into a table, made as ggml makes them; codebook-blocks.ts has the layouts and tables.
//
//   iq4_nl   of 16 scales that put the extreme value near the table's first entry, the one with the least
//            error weighted by x²; then the nearest entry for each value
//   mxfp4    the exponent of the largest magnitude, less 2; then the nearest entry, the first of two
//
// Every operation is rounded to f32, since ggml's bits are to be met.
//
// Sources: quantize_iq4_nl and quantize_row_mxfp4_ref of ggml (ggml-quants.c).

import { f32ToF16 } from "../half-float.ts";
import type { BlockEncoder } from "./block-encoder.ts";
import { e2m1, nonLinear } from "./codebook-blocks.ts";

const { fround } = Math;

/** Scales on either side of the first that are tried. */
const TRIES = 7;
/** A magnitude below which ggml takes a block for zeros. */
const TINY = fround(1e-15);

export const encodeIq4Nl: BlockEncoder = (values, i, view, at) => {
  const scale = fitScale(values, i);
  const inverse = scale === 0 ? 0 : fround(1 / scale);
  view.setUint16(at, f32ToF16(scale), true);
  for (let j = 0; j < 16; j++) {
    const low = nearest(fround(inverse * values[i + j]!));
    const high = nearest(fround(inverse * values[i + j + 16]!));
    view.setUint8(at + 2 + j, low | (high << 4));
  }
};

/** Entries are whole, so the midpoints between them are multiples of a half: for each half from −128 on, the index. */
const nearestIndex = Uint8Array.from({ length: 512 }, (_, half) => {
  const x = (half - 256) / 2;
  return nonLinear.slice(1).filter((entry, i) => x >= (entry + nonLinear[i]!) / 2).length;
});

/** The scale for which Σ x² · (x − scale · entry)² is least, of those that are tried. */
function fitScale(values: Float32Array, i: number): number {
  let extreme = 0;
  for (let j = i; j < i + 32; j++) if (Math.abs(values[j]!) > Math.abs(extreme)) extreme = values[j]!;
  if (Math.abs(extreme) < TINY) return 0;
  let scale = 0;
  let best = 0;
  for (let attempt = -TRIES - 1; attempt <= TRIES; attempt++) {
    const isFirst = attempt === -TRIES - 1;
    const inverse = isFirst
      ? fround(1 / fround(-extreme / nonLinear[0]))
      : fround((attempt + nonLinear[0]) / extreme);
    let products = 0;
    let squares = 0;
    for (let j = i; j < i + 32; j++) {
      const x = values[j]!;
      const entry = nonLinear[nearest(fround(inverse * x))]!;
      const weighted = fround(fround(x * x) * entry);
      products = fround(products + fround(weighted * x));
      squares = fround(squares + fround(weighted * entry));
    }
    if (isFirst || (squares > 0 && fround(products * products) > fround(best * squares))) {
      scale = fround(products / squares);
      best = fround(scale * products);
    }
  }
  return scale;
}

/** The index of the table's entry next to x, the larger of two. */
function nearest(x: number): number {
  return nearestIndex[x <= -128 ? 0 : x >= 127.5 ? 511 : Math.floor(2 * x) + 256]!;
}

export const encodeMxfp4: BlockEncoder = (values, i, view, at) => {
  let largest = 0;
  for (let j = i; j < i + 32; j++) largest = Math.max(largest, Math.abs(values[j]!));
  // ggml rounds the logarithm to f32 and so takes the next exponent within 1e-7 below a power of two.
  const exponent = largest > 0 ? Math.max(0, Math.floor(fround(Math.log2(largest))) - 2 + 127) : 0;
  const d = 2 ** (exponent - 127);
  view.setUint8(at, exponent);
  for (let j = 0; j < 16; j++) {
    view.setUint8(at + 1 + j, nearestE2m1(values[i + j]!, d) | (nearestE2m1(values[i + j + 16]!, d) << 4));
  }
};

/** The first entry next to x. Zero comes first; of the others those with the sign of x. */
function nearestE2m1(x: number, d: number): number {
  const start = x < 0 ? 8 : 0;
  let index = 0;
  let least = Math.abs(x);
  for (let q = start + 1; q < start + 8; q++) {
    const error = Math.abs(fround(e2m1[q]! * d - x));
    if (error < least) {
      index = q;
      least = error;
    }
  }
  return index;
}
