import type { BlockEncoder } from "./block-formats/block-encoder.ts";
import {
  encodeQ4_0,
  encodeQ4_1,
  encodeQ5_0,
  encodeQ5_1,
  encodeQ8_0,
} from "./block-formats/encode-blocks-of-32.ts";
import { encodeIq4Nl, encodeMxfp4 } from "./block-formats/encode-codebook-blocks.ts";
import { encodeQ2K, encodeQ3K, encodeQ4K, encodeQ5K, encodeQ6K } from "./block-formats/encode-k-quants.ts";
import { KraitError } from "./errors.ts";
import { type BlockFormat, type DType, type Format, formatLayouts, isDType } from "./format.ts";
import { f32ToBf16, f32ToF16 } from "./half-float.ts";

const encoders: Readonly<Record<BlockFormat, BlockEncoder>> = {
  q8_0: encodeQ8_0,
  q4_0: encodeQ4_0,
  q4_1: encodeQ4_1,
  q5_0: encodeQ5_0,
  q5_1: encodeQ5_1,
  q2_k: encodeQ2K,
  q3_k: encodeQ3K,
  q4_k: encodeQ4K,
  q5_k: encodeQ5K,
  q6_k: encodeQ6K,
  iq4_nl: encodeIq4Nl,
  mxfp4: encodeMxfp4,
};

/** Scales and minima are f16, in all block formats but one. */
const LARGEST_F16 = 65504;

/**
 * Stores f32 values in a format. Dtypes are rounded to nearest. Block formats get the bytes that
 * llama.cpp's `llama-quantize` gives them without an importance matrix (ggml's `ggml_quantize_chunk`, on
 * x86-64), bit for bit and on every platform.
 *
 * @param values - whole rows, or whole blocks of them.
 * @throws {KraitError} `BLOCK_INCOMPLETE` when the values do not end with a block; `VALUE_UNQUANTIZABLE`
 *   for a value that is not finite or whose magnitude is above 65504, which no block format holds.
 */
export function quantize(format: Format, values: Float32Array): Uint8Array {
  const { valuesPerBlock, bytesPerBlock } = formatLayouts[format];
  if (values.length % valuesPerBlock !== 0) {
    throw new KraitError(
      "BLOCK_INCOMPLETE",
      `${values.length} values are not a whole number of ${format} blocks of ${valuesPerBlock} values.`,
    );
  }
  const blocks = values.length / valuesPerBlock;
  const bytes = new Uint8Array(blocks * bytesPerBlock);
  const view = new DataView(bytes.buffer);
  if (isDType(format)) {
    narrow(format, values, view);
    return bytes;
  }
  requireQuantizable(format, values);
  const encode = encoders[format];
  for (let block = 0; block < blocks; block++) {
    encode(values, block * valuesPerBlock, view, block * bytesPerBlock);
  }
  return bytes;
}

function requireQuantizable(format: BlockFormat, values: Float32Array): void {
  let index = 0;
  while (index < values.length && Math.abs(values[index]!) <= LARGEST_F16) index++;
  if (index === values.length) return;
  throw new KraitError(
    "VALUE_UNQUANTIZABLE",
    `Value ${index} of ${values.length} is ${values[index]}, which ${format} cannot hold: ` +
      `its scales are f16, so magnitudes end at ${LARGEST_F16}. Keep this tensor in a dtype.`,
  );
}

function narrow(dtype: DType, values: Float32Array, view: DataView): void {
  switch (dtype) {
    case "f32":
      for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i]!, true);
      return;
    case "f16":
      for (let i = 0; i < values.length; i++) view.setUint16(2 * i, f32ToF16(values[i]!), true);
      return;
    case "bf16":
      for (let i = 0; i < values.length; i++) view.setUint16(2 * i, f32ToBf16(values[i]!), true);
      return;
    case "i32":
      for (let i = 0; i < values.length; i++) view.setInt32(4 * i, values[i]!, true);
      return;
    case "u32":
      for (let i = 0; i < values.length; i++) view.setUint32(4 * i, values[i]!, true);
      return;
    default:
      dtype satisfies never;
  }
}
