import type { Linear } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { type Binding, type Launch, read, step } from "../launch.ts";
import { FEW_ROWS, isInHalves, type RowClass, rowClassOf } from "../products/product-variant.ts";
import halveRows from "./halve-rows.wgsl";
import { inputOf } from "./product.ts";
import quantize from "./quantize.wgsl";
import quantizeRows from "./quantize-rows.wgsl";

/** Chunks of 32 columns. */
export const chunksOf = (columns: number): number => Math.ceil(columns / 32);

/** What brings the input of several rows into the form that kernels of other variants than f32 read. */
export function preparedInput(op: Linear, at: CompileContext, classes: readonly RowClass[]): Launch[] {
  const isBytes = (rows: RowClass): boolean => rows !== "one" && at.variantOf(op.weight, rows) === "bytes";
  const isHalves = (rows: RowClass): boolean =>
    rows === "many" && isInHalves(at.variantOf(op.weight, rows), at.traits.features);
  const rows = at.rows(op.output);
  const chunks = chunksOf(op.input.columns);
  const input = inputOf(op.input, at);
  const constants = { ROWS_AT: at.layout.extent(rows), CHUNKS: chunks, ...input.constants };
  const bytes: Launch = {
    source: [quantize, input.source, quantizeRows].join("\n"),
    entryPoint: "quantize_rows",
    constants,
    bindings: [step, read(op.input), quantizedInput(op, at, "write")],
    workgroups: ({ [rows]: count }) => (isBytes(rowClassOf(count)) ? [Math.ceil(chunks / 32), count] : [0]),
  };
  const halves: Launch = {
    source: [input.source, halveRows].join("\n"),
    entryPoint: "halve_rows",
    constants,
    bindings: [step, read(op.input), halvedInput(op, at, "write")],
    workgroups: ({ [rows]: count }) => (isHalves(rowClassOf(count)) ? [1, count] : [0]),
  };
  const isFor = (reads: (rows: RowClass) => boolean, launch: Launch): Launch[] =>
    classes
      .filter(reads)
      .slice(0, 1)
      .map((rows) => ({ ...launch, product: at.productOf(op.weight, rows) }));
  return [...isFor(isBytes, bytes), ...isFor(isHalves, halves)];
}

/** The input in f16; halve-rows.wgsl. */
export function halvedInput(op: Linear, at: CompileContext, access: "read" | "write"): Binding {
  const rowBytes = 8 * (8 * chunksOf(op.input.columns) + 1);
  return { kind: "workspace", bytes: rowBytes * at.largest[at.rows(op.output)], access };
}

/** The input as bytes; quantize-rows.wgsl. */
export function quantizedInput(op: Linear, at: CompileContext, access: "read" | "write"): Binding {
  const isMany = at.variantOf(op.weight, "many") === "bytes";
  const largest = at.largest[at.rows(op.output)];
  const rows = isMany ? largest : Math.min(largest, FEW_ROWS);
  return { kind: "workspace", bytes: 48 * chunksOf(op.input.columns) * rows, access };
}
