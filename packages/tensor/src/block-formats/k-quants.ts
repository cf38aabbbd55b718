// Blocks of 256 values whose sub-blocks have small integer scales, all times a scale d of the block.
//
//          bytes of a block                                                    value
//   q2_k   16 of scales, 64 of low bits, d f16, m f16                          d · scale · q − m · minimum
//   q3_k   32 of high bits, 64 of low bits, 12 of scales, d f16                d · scale · (q − 4)
//   q4_k   d f16, m f16, 12 of scales, 128 of low bits                         d · scale · q − m · minimum
//   q5_k   d f16, m f16, 12 of scales, 32 of high bits, 128 of low bits        d · scale · q − m · minimum
//   q6_k   128 of low bits, 64 of high bits, 16 of scales i8, d f16            d · scale · (q − 32)
//
// Sub-blocks have 16 values in q2_k, q3_k and q6_k, and 32 in q4_k and q5_k. Low bits are stored for
// planes of 32 values: the same bytes hold plane after plane, from their lowest bits up.
//
// Source: the block structures and reference functions of ggml (ggml-common.h, ggml-quants.c).

import { f16ToF32 } from "../half-float.ts";
import type { BlockDecoder } from "./block-decoder.ts";
import { q3Scale, q4Minimum, q4Scale } from "./k-quant-scales.ts";

/** Each byte of scales: the scale in its low half, the minimum in its high half. Planes of 2 bits, 4 to 32 bytes. */
export const q2_k: BlockDecoder = (view, at, values, i) => {
  const d = f16ToF32(view.getUint16(at + 80, true));
  const m = f16ToF32(view.getUint16(at + 82, true));
  for (let sub = 0; sub < 16; sub++) {
    const scales = view.getUint8(at + sub);
    const scale = d * (scales & 15);
    const minimum = m * (scales >>> 4);
    for (let j = 16 * sub; j < 16 * sub + 16; j++) {
      const q = (view.getUint8(at + 16 + (j >>> 7) * 32 + (j & 31)) >>> twoBitShift(j)) & 3;
      values[i + j] = scale * q - minimum;
    }
  }
};

/** The high bits' byte j belongs to all values j modulo 32, from the lowest bit up; low bits as in q2_k. */
export const q3_k: BlockDecoder = (view, at, values, i) => {
  const d = f16ToF32(view.getUint16(at + 108, true));
  for (let sub = 0; sub < 16; sub++) {
    const scale = d * q3Scale(view, at + 96, sub);
    for (let j = 16 * sub; j < 16 * sub + 16; j++) {
      const low = (view.getUint8(at + 32 + (j >>> 7) * 32 + (j & 31)) >>> twoBitShift(j)) & 3;
      const high = (view.getUint8(at + (j & 31)) >>> (j >>> 5)) & 1;
      values[i + j] = scale * ((low | (high << 2)) - 4);
    }
  }
};

/** Planes of 4 bits, 2 to 32 bytes. */
export const q4_k: BlockDecoder = (view, at, values, i) => {
  const d = f16ToF32(view.getUint16(at, true));
  const m = f16ToF32(view.getUint16(at + 2, true));
  for (let sub = 0; sub < 8; sub++) {
    const scale = d * q4Scale(view, at + 4, sub);
    const minimum = m * q4Minimum(view, at + 4, sub);
    for (let j = 0; j < 32; j++) {
      const q = (view.getUint8(at + 16 + (sub >>> 1) * 32 + j) >>> (4 * (sub & 1))) & 15;
      values[i + 32 * sub + j] = scale * q - minimum;
    }
  }
};

/** As q4_k; bit `sub` of the high bits' byte j is the fifth bit of value j of that sub-block. */
export const q5_k: BlockDecoder = (view, at, values, i) => {
  const d = f16ToF32(view.getUint16(at, true));
  const m = f16ToF32(view.getUint16(at + 2, true));
  for (let sub = 0; sub < 8; sub++) {
    const scale = d * q4Scale(view, at + 4, sub);
    const minimum = m * q4Minimum(view, at + 4, sub);
    for (let j = 0; j < 32; j++) {
      const low = (view.getUint8(at + 48 + (sub >>> 1) * 32 + j) >>> (4 * (sub & 1))) & 15;
      const high = (view.getUint8(at + 16 + j) >>> sub) & 1;
      values[i + 32 * sub + j] = scale * (low | (high << 4)) - minimum;
    }
  }
};

/** In each half of the block: low bits in planes of 4 bits, 2 to 64 bytes; high bits in planes of 2, 4 to 32 bytes. */
export const q6_k: BlockDecoder = (view, at, values, i) => {
  const d = f16ToF32(view.getUint16(at + 208, true));
  for (let sub = 0; sub < 16; sub++) {
    const scale = d * view.getInt8(at + 192 + sub);
    for (let j = 16 * sub; j < 16 * sub + 16; j++) {
      const low = (view.getUint8(at + (j >>> 7) * 64 + (j & 63)) >>> (((j >>> 6) & 1) * 4)) & 15;
      const high = (view.getUint8(at + 128 + (j >>> 7) * 32 + (j & 31)) >>> twoBitShift(j)) & 3;
      values[i + j] = scale * ((low | (high << 4)) - 32);
    }
  }
};

/** Where value j of a block stands in a byte that holds four planes of 2 bits. */
export function twoBitShift(j: number): number {
  return 2 * ((j >>> 5) & 3);
}
