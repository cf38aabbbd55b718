import type { Format } from "@krait/tensor";
import type { KernelFeatures } from "../device/kernel-traits.ts";
import { weightLayout } from "../weights/weight-layout.ts";

/**
 * What a matrix product computes in: f32, or bytes, which rounds activations to eight bits with a scale for
 * each 32 of them.
 */
export type ProductVariant = "f32" | "bytes";

/** One row, up to {@link FEW_ROWS}, or more: each has kernels of its own. */
export type RowClass = "one" | "few" | "many";

export const rowClasses: readonly RowClass[] = ["one", "few", "many"];

/** Up to so many rows the weight's bytes count for more than arithmetic. */
export const FEW_ROWS = 8;

export function rowClassOf(rows: number): RowClass {
  if (rows === 1) return "one";
  return rows <= FEW_ROWS ? "few" : "many";
}

/** The variants that there are of a product on a device, the one that needs no feature first. */
export function variantsOf(format: Format, { byteDots }: KernelFeatures): readonly ProductVariant[] {
  return byteDots && weightLayout(format, 256).bytes !== undefined ? ["f32", "bytes"] : ["f32"];
}
