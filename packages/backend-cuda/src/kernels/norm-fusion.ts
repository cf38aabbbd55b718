import { accessOf, isNormSpared, type Linear, normBefore, type RmsNorm } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { type Argument, workspace } from "../launch.ts";
import { isInteger, type ScalarFormat, weightLayout } from "../weights/weight-layout.ts";
import { FEW_ROWS } from "./linear-output.ts";

/**
 * How the products after a norm take it over where rows are few: each normalizes a lone row as it reads it, or all
 * read the bytes that are made of normalized rows once.
 */
export type NormFusion = "as it is read" | "as bytes";

/** Up to so many rows a norm is fused. */
export const mostFusedRows: Readonly<Record<NormFusion, number>> = {
  "as it is read": 1,
  "as bytes": FEW_ROWS,
};

/** How a norm is fused with all that reads it; undefined where it is not. */
export function fusionOf(norm: RmsNorm, at: CompileContext): NormFusion | undefined {
  if (!isNormSpared(norm, at.program)) return undefined;
  const { ops } = at.program;
  const readers = ops.filter(
    (op): op is Linear =>
      op.op === "linear" && accessOf(op).reads.some(({ value }) => value === norm.output.value),
  );
  const formats = readers.map(({ weight }) => at.weight(weight).format);
  if (formats.every(isInteger)) {
    // One memory for the bytes of all norms: nobody may still read those of another.
    const between = ops.slice(ops.indexOf(norm) + 1, ops.indexOf(readers.at(-1)!));
    return between.some(({ op }) => op === "rmsNorm") ? undefined : "as bytes";
  }
  const { columns } = norm.input;
  const isWhole = (format: ScalarFormat) => columns % weightLayout(format, columns).chunkValues === 0;
  const isRead = at.isAligned(norm.input) && formats.every((format) => !isInteger(format));
  return isRead && (formats as ScalarFormat[]).every(isWhole) ? "as it is read" : undefined;
}

/** The norm before a product that takes it over in this way. */
export function fusedNorm(op: Linear, at: CompileContext, fusion: NormFusion): RmsNorm | undefined {
  const norm = normBefore(op, at.program);
  return norm !== undefined && fusionOf(norm, at) === fusion ? norm : undefined;
}

/** Bytes of a row of activations as bytes; `QuantizedRow` of quantize-rows.cuh. */
export const quantizedBytes = (columns: number): number =>
  Math.ceil((40 * Math.ceil(columns / 32)) / 16) * 16;

/** Where the bytes of normalized rows are, until the next norm. */
export function normalizedRows({ output }: RmsNorm, at: CompileContext): Argument {
  const rows = Math.min(at.largest[at.rows(output)], FEW_ROWS);
  return workspace("normalized", quantizedBytes(output.columns) * rows);
}
