import type { BlockReader } from "./read-blocks-of-32.ts";

// Where the bytes of ggml's blocks of 256 values are is written down in block-formats/k-quants.ts.

/** Where value j of a block stands in a byte that holds four planes of 2 bits. */
const twoBitShift = (j: number): number => 2 * ((j >>> 5) & 3);

const twoBits = (bytes: Uint8Array, at: number, j: number): number =>
  (bytes[at + (j >>> 7) * 32 + (j & 31)]! >>> twoBitShift(j)) & 3;

const fourBits = (bytes: Uint8Array, at: number, j: number): number =>
  (bytes[at + (j >>> 6) * 32 + (j & 31)]! >>> (4 * ((j >>> 5) & 1))) & 15;

/** Eight scales and eight minima of 6 bits in 12 bytes, as one byte each, in pairs. */
function readPairs(bytes: Uint8Array, at: number, scales: Uint8Array): void {
  for (let sub = 0; sub < 4; sub++) {
    const [a, b, c] = [bytes[at + sub]!, bytes[at + sub + 4]!, bytes[at + sub + 8]!];
    scales[2 * sub] = a & 63;
    scales[2 * sub + 1] = b & 63;
    scales[2 * (sub + 4)] = (c & 15) | ((a >>> 6) << 4);
    scales[2 * (sub + 4) + 1] = (c >>> 4) | ((b >>> 6) << 4);
  }
}

function copy(bytes: Uint8Array, at: number, count: number, target: Uint8Array): void {
  for (let i = 0; i < count; i++) target[i] = bytes[at + i]!;
}

export const kQuants: Readonly<Record<"q2_k" | "q3_k" | "q4_k" | "q5_k" | "q6_k", BlockReader>> = {
  q2_k(bytes, at, quants, scales, block) {
    copy(bytes, at + 80, 4, block);
    for (let sub = 0; sub < 16; sub++) {
      scales[2 * sub] = bytes[at + sub]! & 15;
      scales[2 * sub + 1] = bytes[at + sub]! >>> 4;
    }
    for (let j = 0; j < 256; j++) quants[j] = twoBits(bytes, at + 16, j);
  },
  q3_k(bytes, at, quants, scales, block) {
    copy(bytes, at + 108, 2, block);
    for (let sub = 0; sub < 16; sub++) {
      const low = (bytes[at + 96 + (sub & 7)]! >>> (sub < 8 ? 0 : 4)) & 15;
      const high = (bytes[at + 104 + (sub & 3)]! >>> (2 * (sub >>> 2))) & 3;
      scales[sub] = (low | (high << 4)) - 32;
    }
    for (let j = 0; j < 256; j++) {
      const high = (bytes[at + (j & 31)]! >>> (j >>> 5)) & 1;
      quants[j] = twoBits(bytes, at + 32, j) | (high << 2);
    }
  },
  q4_k(bytes, at, quants, scales, block) {
    copy(bytes, at, 4, block);
    readPairs(bytes, at + 4, scales);
    for (let j = 0; j < 256; j++) quants[j] = fourBits(bytes, at + 16, j);
  },
  q5_k(bytes, at, quants, scales, block) {
    copy(bytes, at, 4, block);
    readPairs(bytes, at + 4, scales);
    for (let j = 0; j < 256; j++) {
      const high = (bytes[at + 16 + (j & 31)]! >>> (j >>> 5)) & 1;
      quants[j] = fourBits(bytes, at + 48, j) | (high << 4);
    }
  },
  q6_k(bytes, at, quants, scales, block) {
    copy(bytes, at + 208, 2, block);
    copy(bytes, at + 192, 16, scales);
    for (let j = 0; j < 256; j++) {
      const low = (bytes[at + (j >>> 7) * 64 + (j & 63)]! >>> (((j >>> 6) & 1) * 4)) & 15;
      quants[j] = low | (twoBits(bytes, at + 128, j) << 4);
    }
  },
};
