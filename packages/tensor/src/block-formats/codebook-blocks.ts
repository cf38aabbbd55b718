// Blocks of 32 values, each a 4-bit index into a fixed table, times a scale d of the block.
//
//            bytes of a block          value
//   iq4_nl   d f16, 16 of nibbles      d · nonLinear[q]
//   mxfp4    e u8, 16 of nibbles       2^(e − 127) · e2m1[q]
//
// Byte j of the nibbles holds value j in its low half and value j + 16 in its high half.
//
// Sources: ggml (ggml-common.h, ggml-quants.c), which has no negative zero in the second table; OCP
// Microscaling Formats (MX) Specification 1.0, 2023, for the E8M0 scale and the E2M1 values.

import { f16ToF32 } from "../half-float.ts";
import type { BlockDecoder } from "./block-decoder.ts";

/** Steps that widen away from zero, as weights grow rarer. */
export const nonLinear = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113] as const;

/** One sign, two exponent bits and one fraction bit. */
export const e2m1 = [0, 0.5, 1, 1.5, 2, 3, 4, 6, 0, -0.5, -1, -1.5, -2, -3, -4, -6] as const;

export const iq4_nl: BlockDecoder = (view, at, values, i) => {
  lookUp(nonLinear, f16ToF32(view.getUint16(at, true)), view, at + 2, values, i);
};

export const mxfp4: BlockDecoder = (view, at, values, i) => {
  lookUp(e2m1, 2 ** (view.getUint8(at) - 127), view, at + 1, values, i);
};

function lookUp(
  table: readonly number[],
  d: number,
  view: DataView,
  at: number,
  values: Float32Array,
  i: number,
): void {
  for (let j = 0; j < 16; j++) {
    const byte = view.getUint8(at + j);
    values[i + j] = d * table[byte & 15]!;
    values[i + j + 16] = d * table[byte >>> 4]!;
  }
}
