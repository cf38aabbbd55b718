import { type BlockFormat, blockPlanes } from "@krait/tensor";
import affine from "./affine.wgsl";
import blockScale from "./block-scale.wgsl";
import blockScaleAndMinimum from "./block-scale-and-minimum.wgsl";
import codebook from "./codebook.wgsl";
import halfBlockScalesAndMinima from "./half-block-scales-and-minima.wgsl";
import iq4Nl from "./iq4_nl.wgsl";
import mxfp4 from "./mxfp4.wgsl";
import nibbles from "./nibbles.wgsl";
import q8_0 from "./q8_0.wgsl";
import scale from "./scale.wgsl";
import scaleAndMinimum from "./scale-and-minimum.wgsl";
import type { WeightLayout } from "./weight-layout.ts";
import words from "./words.wgsl";

/** How the planes of a format are read. */
interface PlaneReader {
  readonly sources: readonly string[];
  /** q − middle is what the scale multiplies. */
  readonly middle?: number;
}

const readers: Readonly<Record<BlockFormat, PlaneReader>> = {
  q8_0: { sources: [q8_0] },
  q4_0: { sources: [nibbles, affine, scale], middle: 8 },
  q5_0: { sources: [nibbles, affine, scale], middle: 16 },
  q4_1: { sources: [nibbles, affine, scaleAndMinimum] },
  q5_1: { sources: [nibbles, affine, scaleAndMinimum] },
  iq4_nl: { sources: [nibbles, codebook, iq4Nl] },
  mxfp4: { sources: [nibbles, codebook, mxfp4] },
  q2_k: { sources: [nibbles, affine, halfBlockScalesAndMinima] },
  q3_k: { sources: [nibbles, affine, blockScale], middle: 4 },
  q4_k: { sources: [nibbles, affine, blockScaleAndMinimum] },
  q5_k: { sources: [nibbles, affine, blockScaleAndMinimum] },
  q6_k: { sources: [nibbles, affine, blockScale], middle: 32 },
};

export function blockLayout(format: BlockFormat, columns: number): WeightLayout {
  const { sources, middle } = readers[format];
  const { lowBits, highBits, highAt, scalesAt, blocksAt, rowBytes, pack } = blockPlanes(format, columns);
  return {
    source: [words, ...sources].join("\n"),
    constants: {
      SCALES_AT: scalesAt / 16,
      ...(highBits > 0 && { HIGH_AT: highAt / 16, HIGH_BITS: highBits }),
      ...(blocksAt < rowBytes && { BLOCKS_AT: blocksAt / 16 }),
      ...(middle !== undefined && { MIDDLE: middle }),
    },
    rowBytes,
    chunkValues: lowBits === 8 ? 16 : 32,
    pack,
  };
}
