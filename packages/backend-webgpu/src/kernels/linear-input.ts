import type { Linear } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { type Binding, type Launch, read, step } from "../launch.ts";
import { FEW_ROWS, type RowClass, rowClassOf } from "../products/product-variant.ts";
import { inputOf } from "./product.ts";
import quantize from "./quantize.wgsl";
import quantizeRows from "./quantize-rows.wgsl";

/** Chunks of 32 columns. */
export const chunksOf = (columns: number): number => Math.ceil(columns / 32);

/** What brings the input of several rows into the form that kernels of other variants than f32 read. */
export function preparedInput(op: Linear, at: CompileContext, classes: readonly RowClass[]): Launch[] {
  const isBytes = (rows: RowClass): boolean => rows !== "one" && at.variantOf(op.weight, rows) === "bytes";
  if (!classes.some(isBytes)) return [];
  const rows = at.rows(op.output);
  const chunks = chunksOf(op.input.columns);
  const input = inputOf(op.input, at);
  return [
    {
      source: [quantize, input.source, quantizeRows].join("\n"),
      entryPoint: "quantize_rows",
      constants: {
        ROWS_AT: at.layout.extent(rows),
        CHUNKS: chunks,
        ...input.constants,
      },
      bindings: [step, read(op.input), quantizedInput(op, at, "write")],
      workgroups: ({ [rows]: count }) => (isBytes(rowClassOf(count)) ? [Math.ceil(chunks / 32), count] : [0]),
    },
  ];
}

/** The input as bytes; quantize-rows.wgsl. */
export function quantizedInput(op: Linear, at: CompileContext, access: "read" | "write"): Binding {
  const isMany = at.variantOf(op.weight, "many") === "bytes";
  const largest = at.largest[at.rows(op.output)];
  const rows = isMany ? largest : Math.min(largest, FEW_ROWS);
  return { kind: "workspace", bytes: 48 * chunksOf(op.input.columns) * rows, access };
}
