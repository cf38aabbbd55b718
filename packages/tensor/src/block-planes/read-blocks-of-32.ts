import { f16ToF32 } from "../half-float.ts";

/**
 * Takes one stored block apart, which starts at `at` of `bytes`.
 *
 * @param quants - gets the integers of its values, those of 8 bits as two's complement.
 * @param scales - gets the bytes of the scales of each 32 values.
 * @param block - gets the four bytes that a block of 256 has besides, d and m in f16.
 */
export type BlockReader = (
  bytes: Uint8Array,
  at: number,
  quants: Uint8Array,
  scales: Uint8Array,
  block: Uint8Array,
) => void;

/** Byte j holds value j in its low half and value j + 16 in its high half. */
function readNibbles(bytes: Uint8Array, at: number, quants: Uint8Array): void {
  for (let j = 0; j < 16; j++) {
    quants[j] = bytes[at + j]! & 15;
    quants[j + 16] = bytes[at + j]! >>> 4;
  }
}

/** Bit j of four bytes is the fifth bit of value j. */
function readFifthBits(bytes: Uint8Array, at: number, quants: Uint8Array): void {
  for (let j = 0; j < 32; j++) quants[j]! |= ((bytes[at + (j >>> 3)]! >>> (j & 7)) & 1) << 4;
}

/** Scale bytes, then fifth bits, then nibbles. */
const integers =
  (scaleBytes: number): BlockReader =>
  (bytes, at, quants, scales) => {
    for (let i = 0; i < scaleBytes; i++) scales[i] = bytes[at + i]!;
    readNibbles(bytes, at + scaleBytes + 4, quants);
    readFifthBits(bytes, at + scaleBytes, quants);
  };

/** A scale that becomes f32, then nibbles. */
const indices =
  (scaleBytes: number, scaleOf: (bytes: Uint8Array, at: number) => number): BlockReader =>
  (bytes, at, quants, scales) => {
    new DataView(scales.buffer, scales.byteOffset).setFloat32(0, scaleOf(bytes, at), true);
    readNibbles(bytes, at + scaleBytes, quants);
  };

export const blocksOf32: Readonly<Record<"q5_0" | "q5_1" | "iq4_nl" | "mxfp4", BlockReader>> = {
  q5_0: integers(2),
  q5_1: integers(4),
  iq4_nl: indices(2, (bytes, at) => f16ToF32(bytes[at]! | (bytes[at + 1]! << 8))),
  mxfp4: indices(1, (bytes, at) => 2 ** (bytes[at]! - 127)),
};
