import type { Format } from "@krait/tensor";
import type { KernelFeatures } from "../device/kernel-traits.ts";
import { weightLayout } from "../weights/weight-layout.ts";

/**
 * What a matrix product computes in: f32; f16, which rounds activations, weights and sums of four products to
 * eleven bits, with a scale for each row of activations; bytes, which rounds activations to eight bits with a
 * scale for each 32 of them; matrices, by an adapter's matrix units, which rounds activations and weights as f16
 * does where the units take f16, and no sums; or f32 without any feature of the adapter, for one whose features
 * compute wrongly.
 */
export type ProductVariant = "f32" | "f16" | "bytes" | "matrices" | "plain";

/** The products of one kind: each is chosen for, and tested, by itself. */
export interface ProductKind {
  readonly format: Format;
  readonly rows: RowClass;
}

/** One row, up to {@link FEW_ROWS}, or more: each has kernels of its own. */
export type RowClass = "one" | "few" | "many";

export const rowClasses: readonly RowClass[] = ["one", "few", "many"];

/** Up to so many rows the weight's bytes count for more than arithmetic. */
export const FEW_ROWS = 8;

export function rowClassOf(rows: number): RowClass {
  if (rows === 1) return "one";
  return rows <= FEW_ROWS ? "few" : "many";
}

/** Whether products compute with activations and weights that are rounded to f16. */
export function isInHalves(variant: ProductVariant, { matrices }: KernelFeatures): boolean {
  return variant === "f16" || (variant === "matrices" && matrices?.component === "f16");
}

/** The variants that are measured of a product on a device. */
export function variantsOf(
  { format, rows }: ProductKind,
  { byteDots, halves, matrices }: KernelFeatures,
): readonly ProductVariant[] {
  const takesMatrices = matrices !== undefined && (format !== "f32" || matrices.component === "f32");
  return [
    "f32",
    ...(byteDots && weightLayout(format, 256).bytes !== undefined ? (["bytes"] as const) : []),
    // Few rows wait for memory and not for arithmetic; and who stores a weight in f32 wants its bits.
    ...(halves && rows === "many" && format !== "f32" ? (["f16"] as const) : []),
    ...(takesMatrices && rows === "many" ? (["matrices"] as const) : []),
  ];
}
