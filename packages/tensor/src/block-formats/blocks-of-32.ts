// Blocks of 32 values on a line: integers times a scale d, both of one block.
//
//          bytes of a block                          value
//   q4_0   d f16, 16 of nibbles                      d · (q − 8)
//   q4_1   d f16, m f16, 16 of nibbles               d · q + m
//   q5_0   d f16, 32 high bits, 16 of nibbles        d · (q − 16)
//   q5_1   d f16, m f16, 32 high bits, 16 of nibbles   d · q + m
//   q8_0   d f16, 32 of i8                           d · q
//
// Byte j of the nibbles holds value j in its low half and value j + 16 in its high half. Bit j of the
// high bits, a little-endian u32, is the fifth bit of value j.
//
// Source: the block structures and reference functions of ggml (ggml-common.h, ggml-quants.c).

import { f16ToF32 } from "../half-float.ts";
import type { BlockDecoder } from "./block-decoder.ts";

export const q4_0: BlockDecoder = (view, at, values, i) => {
  const d = f16ToF32(view.getUint16(at, true));
  for (let j = 0; j < 16; j++) {
    const byte = view.getUint8(at + 2 + j);
    values[i + j] = d * ((byte & 15) - 8);
    values[i + j + 16] = d * ((byte >>> 4) - 8);
  }
};

export const q4_1: BlockDecoder = (view, at, values, i) => {
  const d = f16ToF32(view.getUint16(at, true));
  const m = f16ToF32(view.getUint16(at + 2, true));
  for (let j = 0; j < 16; j++) {
    const byte = view.getUint8(at + 4 + j);
    values[i + j] = d * (byte & 15) + m;
    values[i + j + 16] = d * (byte >>> 4) + m;
  }
};

export const q5_0: BlockDecoder = (view, at, values, i) => {
  const d = f16ToF32(view.getUint16(at, true));
  const high = view.getUint32(at + 2, true);
  for (let j = 0; j < 16; j++) {
    const byte = view.getUint8(at + 6 + j);
    values[i + j] = d * (((byte & 15) | fifthBit(high, j)) - 16);
    values[i + j + 16] = d * (((byte >>> 4) | fifthBit(high, j + 16)) - 16);
  }
};

export const q5_1: BlockDecoder = (view, at, values, i) => {
  const d = f16ToF32(view.getUint16(at, true));
  const m = f16ToF32(view.getUint16(at + 2, true));
  const high = view.getUint32(at + 4, true);
  for (let j = 0; j < 16; j++) {
    const byte = view.getUint8(at + 8 + j);
    values[i + j] = d * ((byte & 15) | fifthBit(high, j)) + m;
    values[i + j + 16] = d * ((byte >>> 4) | fifthBit(high, j + 16)) + m;
  }
};

export const q8_0: BlockDecoder = (view, at, values, i) => {
  const d = f16ToF32(view.getUint16(at, true));
  for (let j = 0; j < 32; j++) values[i + j] = d * view.getInt8(at + 2 + j);
};

function fifthBit(high: number, j: number): number {
  return ((high >>> j) & 1) << 4;
}
