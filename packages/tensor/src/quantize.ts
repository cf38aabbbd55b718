import { type DType, formatLayouts } from "./format.ts";
import { f32ToBf16, f32ToF16 } from "./half-float.ts";

/** Stores f32 values as a dtype, rounding to nearest. Block formats are read, not written. */
export function quantize(dtype: DType, values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * formatLayouts[dtype].bytesPerBlock);
  const view = new DataView(bytes.buffer);
  switch (dtype) {
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
      return dtype satisfies never;
  }
}
