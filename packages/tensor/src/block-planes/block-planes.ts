import { type BlockFormat, formatLayouts } from "../format.ts";
import { halvesApart, inPairs, type WordPacker, wholeBytes } from "./pack-words.ts";
import { type BlockReader, blocksOf32 } from "./read-blocks-of-32.ts";
import { kQuants } from "./read-k-quants.ts";

/**
 * How GPUs keep the rows of a block format: the low bits of all its values, then their high bits, the scales of
 * each 32 values, and the scales of each 256, so that neighbouring lanes read neighbouring vectors. Each plane
 * is padded to whole vectors of 16 bytes, with zeros.
 *
 * Low bits are bytes, or nibbles: in each word the low nibbles are four values and the high nibbles the next
 * four. High bits are in words of their own, from the lowest bit up.
 */
export interface BlockPlanes {
  readonly lowBits: 4 | 8;
  readonly highBits: 0 | 1 | 2;
  /** Where planes begin in a row, in bytes. A plane that a format does not have is empty. */
  readonly highAt: number;
  readonly scalesAt: number;
  readonly blocksAt: number;
  /** A multiple of 16. */
  readonly rowBytes: number;
  /** Stored rows, as they lie on the device. */
  readonly pack: (stored: Uint8Array) => Uint8Array;
}

interface BlockPlan {
  readonly lowBits?: 8;
  readonly highBits?: 1 | 2;
  /** Of 32 values. */
  readonly scaleBytes: 2 | 4;
  /** How a block is taken apart: value by value, or, where it is scales that stay and then low bits, in words. */
  readonly read?: BlockReader;
  readonly words?: WordPacker;
}

const plans: Readonly<Record<BlockFormat | "nvfp4", BlockPlan>> = {
  q8_0: { lowBits: 8, scaleBytes: 2, words: wholeBytes },
  q4_0: { scaleBytes: 2, words: halvesApart },
  q5_0: { read: blocksOf32.q5_0, highBits: 1, scaleBytes: 2 },
  q4_1: { scaleBytes: 4, words: halvesApart },
  q5_1: { read: blocksOf32.q5_1, highBits: 1, scaleBytes: 4 },
  iq4_nl: { read: blocksOf32.iq4_nl, scaleBytes: 4 },
  mxfp4: { read: blocksOf32.mxfp4, scaleBytes: 4 },
  nvfp4: { scaleBytes: 2, words: inPairs },
  q2_k: { read: kQuants.q2_k, scaleBytes: 4 },
  q3_k: { read: kQuants.q3_k, scaleBytes: 2 },
  q4_k: { read: kQuants.q4_k, scaleBytes: 2 },
  q5_k: { read: kQuants.q5_k, highBits: 1, scaleBytes: 2 },
  q6_k: { read: kQuants.q6_k, highBits: 2, scaleBytes: 2 },
};

export function blockPlanes(format: BlockFormat | "nvfp4", columns: number): BlockPlanes {
  const { read, lowBits = 4, highBits = 0, scaleBytes, words: packWords } = plans[format];
  const { valuesPerBlock, bytesPerBlock } = formatLayouts[format];
  const blocks = columns / valuesPerBlock;
  // Half of one in a format of sixteen values a block, so that a row may end within a chunk.
  const chunksPerBlock = valuesPerBlock / 32;
  const chunks = Math.ceil(columns / 32);
  const hasBlockScales = valuesPerBlock === 256;

  const highAt = wholeVectors(4 * lowBits * chunks);
  const scalesAt = highAt + wholeVectors(4 * highBits * chunks);
  const blocksAt = scalesAt + wholeVectors(scaleBytes * chunks);
  const rowBytes = blocksAt + wholeVectors(hasBlockScales ? 4 * blocks : 0);

  const pack = (stored: Uint8Array): Uint8Array => {
    const rows = stored.byteLength / (blocks * bytesPerBlock);
    const packed = new Uint8Array(rows * rowBytes);
    const words = new Uint32Array(packed.buffer);
    if (packWords !== undefined) {
      const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
      const blockScaleBytes = scaleBytes * chunksPerBlock;
      for (let at = 0, index = 0; at < stored.byteLength; at += bytesPerBlock, index++) {
        const row = Math.floor(index / blocks) * rowBytes;
        const block = index % blocks;
        const scaleAt = row + scalesAt + block * blockScaleBytes;
        for (let i = 0; i < blockScaleBytes; i++) packed[scaleAt + i] = stored[at + i]!;
        packWords(view, at + blockScaleBytes, words, row / 4 + lowBits * chunksPerBlock * block);
      }
      return packed;
    }
    const quants = new Uint8Array(valuesPerBlock);
    for (let at = 0, index = 0; at < stored.byteLength; at += bytesPerBlock, index++) {
      const row = Math.floor(index / blocks) * rowBytes;
      const block = index % blocks;
      const chunk = block * chunksPerBlock;
      const scaleAt = row + scalesAt + chunk * scaleBytes;
      const scales = packed.subarray(scaleAt, scaleAt + chunksPerBlock * scaleBytes);
      const blockAt = row + blocksAt + 4 * block;
      read!(stored, at, quants, scales, packed.subarray(blockAt, blockAt + 4));
      if (lowBits === 8) packed.set(quants, row + 32 * chunk);
      else packNibbles(quants, words, row / 4 + 4 * chunk);
      if (highBits !== 0) packHighBits(quants, highBits, words, (row + highAt) / 4 + highBits * chunk);
    }
    return packed;
  };
  return { lowBits, highBits, highAt, scalesAt, blocksAt, rowBytes, pack };
}

const wholeVectors = (bytes: number): number => Math.ceil(bytes / 16) * 16;

function packNibbles(quants: Uint8Array, words: Uint32Array, at: number): void {
  for (let j = 0; j < quants.length; j += 8) {
    let word = 0;
    for (let byte = 0; byte < 4; byte++) {
      word |= ((quants[j + byte]! & 15) | ((quants[j + 4 + byte]! & 15) << 4)) << (8 * byte);
    }
    words[at + j / 8] = word;
  }
}

/** The bits above the fourth of each value. */
function packHighBits(quants: Uint8Array, highBits: 1 | 2, words: Uint32Array, at: number): void {
  const perWord = 32 / highBits;
  for (let j = 0; j < quants.length; j++) {
    words[at + Math.floor(j / perWord)]! |= (quants[j]! >>> 4) << ((j % perWord) * highBits);
  }
}
