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
import q8_0Bytes from "./q8_0-bytes.wgsl";
import scale from "./scale.wgsl";
import scaleAndMinimum from "./scale-and-minimum.wgsl";
import type { WeightLayout } from "./weight-layout.ts";
import words from "./words.wgsl";

/** How the planes of a format are read. */
interface PlaneReader {
  readonly sources: readonly string[];
  /** Those by which values are read as bytes, where they can be. */
  readonly byteSources?: readonly string[];
  /** q − middle is what the scale multiplies. */
  readonly middle?: number;
}

/** Of scaled integers: values and bytes are the same nibbles. */
const integers = (scales: string, middle?: number): PlaneReader => ({
  sources: [nibbles, affine, scales],
  byteSources: [nibbles, scales],
  ...(middle !== undefined && { middle }),
});

const readers: Readonly<Record<BlockFormat, PlaneReader>> = {
  q8_0: { sources: [q8_0], byteSources: [q8_0Bytes] },
  q4_0: integers(scale, 8),
  q5_0: integers(scale, 16),
  q4_1: integers(scaleAndMinimum),
  q5_1: integers(scaleAndMinimum),
  iq4_nl: { sources: [nibbles, codebook, iq4Nl] },
  mxfp4: { sources: [nibbles, codebook, mxfp4] },
  q2_k: integers(halfBlockScalesAndMinima),
  q3_k: integers(blockScale, 4),
  q4_k: integers(blockScaleAndMinimum),
  q5_k: integers(blockScaleAndMinimum),
  q6_k: integers(blockScale, 32),
};

export function blockLayout(format: BlockFormat, columns: number): WeightLayout {
  const { sources, byteSources, middle } = readers[format];
  const { lowBits, highBits, highAt, scalesAt, blocksAt, rowBytes, pack } = blockPlanes(format, columns);
  const constants = {
    SCALES_AT: scalesAt / 16,
    ...(highBits > 0 && { HIGH_AT: highAt / 16, HIGH_BITS: highBits }),
    ...(blocksAt < rowBytes && { BLOCKS_AT: blocksAt / 16 }),
    ...(middle !== undefined && { MIDDLE: middle }),
  };
  return {
    source: [words, ...sources].join("\n"),
    constants,
    ...(byteSources && {
      bytes: {
        source: [words, ...byteSources].join("\n"),
        constants,
        hasOffset: format !== "q8_0",
      },
    }),
    rowBytes,
    chunkValues: lowBits === 8 ? 16 : 32,
    pack,
  };
}
