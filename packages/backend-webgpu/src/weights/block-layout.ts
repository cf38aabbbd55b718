import { type BlockFormat, formatLayouts } from "@krait/tensor";
import affine from "./affine.wgsl";
import blockScale from "./block-scale.wgsl";
import blockScaleAndMinimum from "./block-scale-and-minimum.wgsl";
import codebook from "./codebook.wgsl";
import halfBlockScalesAndMinima from "./half-block-scales-and-minima.wgsl";
import iq4Nl from "./iq4_nl.wgsl";
import mxfp4 from "./mxfp4.wgsl";
import nibbles from "./nibbles.wgsl";
import q8_0 from "./q8_0.wgsl";
import { type BlockReader, blocksOf32 } from "./read-blocks-of-32.ts";
import { kQuants } from "./read-k-quants.ts";
import scale from "./scale.wgsl";
import scaleAndMinimum from "./scale-and-minimum.wgsl";
import type { WeightLayout } from "./weight-layout.ts";
import words from "./words.wgsl";

/**
 * What the rows of a format are made of: low bits, high bits, scales of each 32 values, scales of each
 * 256 values, in this order, each part padded to whole vectors of 16 bytes.
 */
interface BlockPlan {
  readonly read: BlockReader;
  readonly sources: readonly string[];
  readonly lowBits?: 4 | 8;
  readonly highBits?: 1 | 2;
  readonly scaleBytes: 2 | 4;
  /** q − middle is what the scale multiplies. */
  readonly middle?: number;
}

const plans: Readonly<Record<BlockFormat, BlockPlan>> = {
  q8_0: { read: blocksOf32.q8_0, sources: [q8_0], lowBits: 8, scaleBytes: 2 },
  q4_0: { read: blocksOf32.q4_0, sources: [nibbles, affine, scale], scaleBytes: 2, middle: 8 },
  q5_0: { read: blocksOf32.q5_0, sources: [nibbles, affine, scale], highBits: 1, scaleBytes: 2, middle: 16 },
  q4_1: { read: blocksOf32.q4_1, sources: [nibbles, affine, scaleAndMinimum], scaleBytes: 4 },
  q5_1: { read: blocksOf32.q5_1, sources: [nibbles, affine, scaleAndMinimum], highBits: 1, scaleBytes: 4 },
  iq4_nl: { read: blocksOf32.iq4_nl, sources: [nibbles, codebook, iq4Nl], scaleBytes: 4 },
  mxfp4: { read: blocksOf32.mxfp4, sources: [nibbles, codebook, mxfp4], scaleBytes: 4 },
  q2_k: { read: kQuants.q2_k, sources: [nibbles, affine, halfBlockScalesAndMinima], scaleBytes: 4 },
  q3_k: { read: kQuants.q3_k, sources: [nibbles, affine, blockScale], scaleBytes: 2, middle: 4 },
  q4_k: { read: kQuants.q4_k, sources: [nibbles, affine, blockScaleAndMinimum], scaleBytes: 2 },
  q5_k: { read: kQuants.q5_k, sources: [nibbles, affine, blockScaleAndMinimum], highBits: 1, scaleBytes: 2 },
  q6_k: {
    read: kQuants.q6_k,
    sources: [nibbles, affine, blockScale],
    highBits: 2,
    scaleBytes: 2,
    middle: 32,
  },
};

export function blockLayout(format: BlockFormat, columns: number): WeightLayout {
  const { read, sources, lowBits = 4, highBits, scaleBytes, middle } = plans[format];
  const { valuesPerBlock, bytesPerBlock } = formatLayouts[format];
  const blocks = columns / valuesPerBlock;
  const chunksPerBlock = valuesPerBlock / 32;
  const chunks = columns / 32;
  const hasBlockScales = valuesPerBlock === 256;

  const highAt = wholeVectors(4 * lowBits * chunks);
  const scalesAt = highAt + wholeVectors(4 * (highBits ?? 0) * chunks);
  const blocksAt = scalesAt + wholeVectors(scaleBytes * chunks);
  const rowBytes = blocksAt + wholeVectors(hasBlockScales ? 4 * blocks : 0);

  const pack = (stored: Uint8Array): Uint8Array => {
    const rows = stored.byteLength / (blocks * bytesPerBlock);
    const packed = new Uint8Array(rows * rowBytes);
    const words = new Uint32Array(packed.buffer);
    const quants = new Uint8Array(valuesPerBlock);
    for (let at = 0, index = 0; at < stored.byteLength; at += bytesPerBlock, index++) {
      const row = Math.floor(index / blocks) * rowBytes;
      const block = index % blocks;
      const chunk = block * chunksPerBlock;
      const scaleAt = row + scalesAt + chunk * scaleBytes;
      const scales = packed.subarray(scaleAt, scaleAt + chunksPerBlock * scaleBytes);
      const blockAt = row + blocksAt + 4 * block;
      read(stored, at, quants, scales, packed.subarray(blockAt, blockAt + 4));
      if (lowBits === 8) packed.set(quants, row + 32 * chunk);
      else packNibbles(quants, words, row / 4 + 4 * chunk);
      if (highBits !== undefined)
        packHighBits(quants, highBits, words, (row + highAt) / 4 + highBits * chunk);
    }
    return packed;
  };

  return {
    source: [words, ...sources].join("\n"),
    constants: {
      SCALES_AT: scalesAt / 16,
      ...(highBits !== undefined && { HIGH_AT: highAt / 16, HIGH_BITS: highBits }),
      ...(hasBlockScales && { BLOCKS_AT: blocksAt / 16 }),
      ...(middle !== undefined && { MIDDLE: middle }),
    },
    rowBytes,
    chunkValues: lowBits === 8 ? 16 : 32,
    pack,
  };
}

const wholeVectors = (bytes: number): number => Math.ceil(bytes / 16) * 16;

/** In each word the low nibbles are four values and the high nibbles the next four. */
function packNibbles(quants: Uint8Array, words: Uint32Array, at: number): void {
  for (let j = 0; j < quants.length; j += 8) {
    let word = 0;
    for (let byte = 0; byte < 4; byte++) {
      word |= ((quants[j + byte]! & 15) | ((quants[j + 4 + byte]! & 15) << 4)) << (8 * byte);
    }
    words[at + j / 8] = word;
  }
}

/** The bits above the fourth of each value, from the lowest bit of a word up. */
function packHighBits(quants: Uint8Array, highBits: 1 | 2, words: Uint32Array, at: number): void {
  const perWord = 32 / highBits;
  for (let j = 0; j < quants.length; j++) {
    words[at + Math.floor(j / perWord)]! |= (quants[j]! >>> 4) << ((j % perWord) * highBits);
  }
}
