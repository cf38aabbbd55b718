/** The scalar types of values, feeds and states. */
export type DType = "f32" | "f16" | "bf16" | "i32" | "u32";

/** How a weight is stored. Block formats join this union, each with a row in {@link formatLayouts}. */
export type Format = DType;

/** A format stores `valuesPerBlock` consecutive values of a row in `bytesPerBlock` bytes. */
export interface FormatLayout {
  readonly valuesPerBlock: number;
  readonly bytesPerBlock: number;
}

export const formatLayouts: Readonly<Record<Format, FormatLayout>> = {
  f32: { valuesPerBlock: 1, bytesPerBlock: 4 },
  f16: { valuesPerBlock: 1, bytesPerBlock: 2 },
  bf16: { valuesPerBlock: 1, bytesPerBlock: 2 },
  i32: { valuesPerBlock: 1, bytesPerBlock: 4 },
  u32: { valuesPerBlock: 1, bytesPerBlock: 4 },
};

/** A stored tensor: row-major, the last dimension contiguous. */
export interface TensorSpec {
  readonly shape: readonly number[];
  readonly format: Format;
}

/** How many values a tensor of this shape holds; 1 for a scalar's empty shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** Bytes of a whole stored tensor. */
export function byteLength(spec: TensorSpec): number {
  const { valuesPerBlock, bytesPerBlock } = formatLayouts[spec.format];
  return (elementCount(spec.shape) / valuesPerBlock) * bytesPerBlock;
}
