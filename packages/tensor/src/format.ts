import { KraitError } from "./errors.ts";

/** The scalar types of values, feeds and states. */
export type DType = "f32" | "f16" | "bf16" | "i32" | "u32";

/** ggml's quantized formats, by its names. A block of a row's values shares its scales. */
export type BlockFormat =
  | "q8_0"
  | "q4_0"
  | "q4_1"
  | "q5_0"
  | "q5_1"
  | "q2_k"
  | "q3_k"
  | "q4_k"
  | "q5_k"
  | "q6_k"
  | "iq4_nl"
  | "mxfp4";

/**
 * NVIDIA's formats. What their values stand for is multiplied by one scale of the whole tensor, which comes
 * with the tensor's bytes ({@link WeightSource.scale}) and is no part of them.
 */
export type ScaledFormat = "fp8_e4m3" | "nvfp4";

/** How a weight is stored. */
export type Format = DType | BlockFormat | ScaledFormat;

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
  q8_0: { valuesPerBlock: 32, bytesPerBlock: 34 },
  q4_0: { valuesPerBlock: 32, bytesPerBlock: 18 },
  q4_1: { valuesPerBlock: 32, bytesPerBlock: 20 },
  q5_0: { valuesPerBlock: 32, bytesPerBlock: 22 },
  q5_1: { valuesPerBlock: 32, bytesPerBlock: 24 },
  q2_k: { valuesPerBlock: 256, bytesPerBlock: 84 },
  q3_k: { valuesPerBlock: 256, bytesPerBlock: 110 },
  q4_k: { valuesPerBlock: 256, bytesPerBlock: 144 },
  q5_k: { valuesPerBlock: 256, bytesPerBlock: 176 },
  q6_k: { valuesPerBlock: 256, bytesPerBlock: 210 },
  iq4_nl: { valuesPerBlock: 32, bytesPerBlock: 18 },
  mxfp4: { valuesPerBlock: 32, bytesPerBlock: 17 },
  fp8_e4m3: { valuesPerBlock: 1, bytesPerBlock: 1 },
  nvfp4: { valuesPerBlock: 16, bytesPerBlock: 9 },
};

/** Whether values of a format have a scale of the whole tensor. */
export function isScaled(format: Format): format is ScaledFormat {
  return format === "fp8_e4m3" || format === "nvfp4";
}

/** Whether a format stores each value by itself, as a number. */
export function isDType(format: Format): format is DType {
  return formatLayouts[format].valuesPerBlock === 1 && !isScaled(format);
}

/** A stored tensor: row-major, the last dimension contiguous and made of whole blocks. */
export interface TensorSpec {
  readonly shape: readonly number[];
  readonly format: Format;
}

/** How many values a tensor of this shape holds; 1 for a scalar's empty shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/**
 * Bytes of a whole stored tensor.
 *
 * @throws {KraitError} `ROW_INCOMPLETE` when its rows do not end with a block.
 */
export function byteLength({ shape, format }: TensorSpec): number {
  const { valuesPerBlock, bytesPerBlock } = formatLayouts[format];
  const columns = shape.at(-1) ?? 1;
  if (columns % valuesPerBlock !== 0) {
    throw new KraitError(
      "ROW_INCOMPLETE",
      `A tensor of shape [${shape.join(", ")}] cannot be ${format}: its rows of ${columns} values ` +
        `are not whole blocks of ${valuesPerBlock}.`,
    );
  }
  return (elementCount(shape) / valuesPerBlock) * bytesPerBlock;
}
