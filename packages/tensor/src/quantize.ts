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
import { encodeFp8E4m3, encodeNvfp4 } from "./block-formats/encode-scaled-formats.ts";
import { largestMagnitudes, requireScale } from "./block-formats/scaled-formats.ts";
import { KraitError } from "./errors.ts";
import { type DType, type Format, formatLayouts, isDType, isScaled } from "./format.ts";
import { f32ToBf16, f32ToF16 } from "./half-float.ts";

const encoders: Readonly<Record<Exclude<Format, DType>, BlockEncoder>> = {
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
  fp8_e4m3: encodeFp8E4m3,
  nvfp4: encodeNvfp4,
};

/** Scales and minima are f16, in all block formats but one. */
const LARGEST_F16 = 65504;

/**
 * Stores f32 values in a format. Dtypes are rounded to nearest. Block formats get the bytes that
 * llama.cpp's `llama-quantize` gives them without an importance matrix (ggml's `ggml_quantize_chunk`, on
 * x86-64), bit for bit and on every platform.
 *
 * @param values - whole rows, or whole blocks of them.
 * @param scale - the whole tensor's, of a {@link ScaledFormat}; {@link scaleFor} gives one.
 * @throws {KraitError} `BLOCK_INCOMPLETE` when the values do not end with a block; `VALUE_UNQUANTIZABLE`
 *   for a value that is not finite, or whose magnitude is above 65504, which no block format holds, or above
 *   the largest of a scaled format at this scale; `SCALE_INVALID` for a scale that is not a positive f32, or
 *   of a format that has none.
 */
export function quantize(format: Format, values: Float32Array, scale = 1): Uint8Array {
  requireScale(format, scale);
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
  requireQuantizable(format, values, scale);
  const encode = encoders[format];
  for (let block = 0; block < blocks; block++) {
    encode(values, block * valuesPerBlock, view, block * bytesPerBlock, scale);
  }
  return bytes;
}

function requireQuantizable(format: Exclude<Format, DType>, values: Float32Array, scale: number): void {
  // A scale of f32 may put the largest value of its tensor a little above the format's.
  const largest = isScaled(format) ? largestMagnitudes[format] * scale * (1 + 2 ** -20) : LARGEST_F16;
  let index = 0;
  while (index < values.length && Math.abs(values[index]!) <= largest) index++;
  if (index === values.length) return;
  const reason = isScaled(format)
    ? `at a scale of ${scale} magnitudes end at ${largestMagnitudes[format] * scale}. Give a larger scale.`
    : `its scales are f16, so magnitudes end at ${LARGEST_F16}. Keep this tensor in a dtype.`;
  throw new KraitError(
    "VALUE_UNQUANTIZABLE",
    `Value ${index} of ${values.length} is ${values[index]}, which ${format} cannot hold: ${reason}`,
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
