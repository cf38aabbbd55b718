import { KraitError } from "./errors.ts";
import { type Format, formatLayouts } from "./format.ts";
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from "./half-float.ts";

/**
 * The values of stored bytes, as f32: the reference that every kernel on stored formats is compared with.
 *
 * @param bytes - whole blocks, little-endian, at any alignment.
 * @throws {KraitError} `BYTES_INCOMPLETE` when the bytes do not end with a block.
 */
export function dequantize(format: Format, bytes: Uint8Array): Float32Array {
  const { bytesPerBlock } = formatLayouts[format];
  if (bytes.byteLength % bytesPerBlock !== 0) {
    throw new KraitError(
      "BYTES_INCOMPLETE",
      `${bytes.byteLength} bytes are not a whole number of ${format} blocks of ${bytesPerBlock} bytes.`,
    );
  }
  const count = bytes.byteLength / bytesPerBlock;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(count);
  switch (format) {
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
      return format satisfies never;
  }
}

/** Stores f32 values in a format, rounding to nearest. The reverse of {@link dequantize}. */
export function quantize(format: Format, values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * formatLayouts[format].bytesPerBlock);
  const view = new DataView(bytes.buffer);
  switch (format) {
    case "f32":
      for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i]!, true);
      return bytes;
    case "f16":
      for (let i = 0; i < values.length; i++) view.setUint16(2 * i, f32ToF16(values[i]!), true);
      return bytes;
    case "bf16":
      for (let i = 0; i < values.length; i++) view.setUint16(2 * i, f32ToBf16(values[i]!), true);
      return bytes;
    case "i32":
      for (let i = 0; i < values.length; i++) view.setInt32(4 * i, values[i]!, true);
      return bytes;
    case "u32":
      for (let i = 0; i < values.length; i++) view.setUint32(4 * i, values[i]!, true);
      return bytes;
    default:
      return format satisfies never;
  }
}
