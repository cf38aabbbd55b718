import type { Format } from "@krait/tensor";

/** Bits of one value of each dtype that safetensors knows, as of version 0.8. */
export const dtypeBits = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

/** A dtype as safetensors spells it. */
export type SafetensorsDType = keyof typeof dtypeBits;

const formats: Partial<Record<SafetensorsDType, Format>> = {
  F32: "f32",
  F16: "f16",
  BF16: "bf16",
  I32: "i32",
  U32: "u32",
};

export function isDType(name: unknown): name is SafetensorsDType {
  return typeof name === "string" && Object.hasOwn(dtypeBits, name);
}

/** The dtypes that have a format. */
export const dtypesWithFormat: readonly string[] = Object.keys(formats);

/** The format that stores the same bytes, if Krait has one. */
export function formatOf(dtype: SafetensorsDType): Format | undefined {
  return formats[dtype];
}

/**
 * Bytes of a whole tensor, densely packed.
 *
 * @returns undefined when the count of values exceeds what a number holds exactly, or does not fill whole bytes.
 */
export function tensorByteLength(dtype: SafetensorsDType, shape: readonly number[]): number | undefined {
  let bits: number = dtypeBits[dtype];
  for (const dimension of shape) {
    bits *= dimension;
    if (!Number.isSafeInteger(bits)) return undefined;
  }
  return bits % 8 === 0 ? bits / 8 : undefined;
}
