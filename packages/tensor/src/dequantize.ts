import type { BlockDecoder } from "./block-formats/block-decoder.ts";
import { q4_0, q4_1, q5_0, q5_1, q8_0 } from "./block-formats/blocks-of-32.ts";
import { iq4_nl, mxfp4 } from "./block-formats/codebook-blocks.ts";
import { q2_k, q3_k, q4_k, q5_k, q6_k } from "./block-formats/k-quants.ts";
import { fp8_e4m3, nvfp4, requireScale } from "./block-formats/scaled-formats.ts";
import { KraitError } from "./errors.ts";
import { type DType, type Format, formatLayouts, isDType } from "./format.ts";
import { bf16ToF32, f16ToF32 } from "./half-float.ts";

const decoders: Readonly<Record<Exclude<Format, DType>, BlockDecoder>> = {
  q8_0,
  q4_0,
  q4_1,
  q5_0,
  q5_1,
  q2_k,
  q3_k,
  q4_k,
  q5_k,
  q6_k,
  iq4_nl,
  mxfp4,
  fp8_e4m3,
  nvfp4,
};

/**
 * The values of stored bytes, as f32: the reference that every kernel on stored formats is compared with.
 * Formulas are computed in double precision and rounded once, which for these formats is what ggml's
 * arithmetic in f32 gives, bit for bit.
 *
 * @param bytes - whole blocks, little-endian, at any alignment.
 * @param scale - the whole tensor's, of a {@link ScaledFormat}.
 * @throws {KraitError} `BYTES_INCOMPLETE` when the bytes do not end with a block; `SCALE_INVALID` for a scale
 *   that is not a positive f32, or of a format that has none.
 */
export function dequantize(format: Format, bytes: Uint8Array, scale = 1): Float32Array {
  requireScale(format, scale);
  const { valuesPerBlock, bytesPerBlock } = formatLayouts[format];
  if (bytes.byteLength % bytesPerBlock !== 0) {
    throw new KraitError(
      "BYTES_INCOMPLETE",
      `${bytes.byteLength} bytes are not a whole number of ${format} blocks of ${bytesPerBlock} bytes.`,
    );
  }
  const blocks = bytes.byteLength / bytesPerBlock;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isDType(format)) return widen(format, view, blocks);
  const values = new Float32Array(blocks * valuesPerBlock);
  const decode = decoders[format];
  for (let block = 0; block < blocks; block++) {
    decode(view, block * bytesPerBlock, values, block * valuesPerBlock, scale);
  }
  return values;
}

function widen(dtype: DType, view: DataView, count: number): Float32Array {
  const values = new Float32Array(count);
  switch (dtype) {
    case "f32":
      for (let i = 0; i < count; i++) values[i] = view.getFloat32(4 * i, true);
      return values;
    case "f16":
      for (let i = 0; i < count; i++) values[i] = f16ToF32(view.getUint16(2 * i, true));
      return values;
    case "bf16":
      for (let i = 0; i < count; i++) values[i] = bf16ToF32(view.getUint16(2 * i, true));
      return values;
    case "i32":
      for (let i = 0; i < count; i++) values[i] = view.getInt32(4 * i, true);
      return values;
    case "u32":
      for (let i = 0; i < count; i++) values[i] = view.getUint32(4 * i, true);
      return values;
    default:
      return dtype satisfies never;
  }
}
