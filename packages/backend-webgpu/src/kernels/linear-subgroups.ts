import { normBefore } from "@krait/tensor";
import { type Launch, read, step, vectors } from "../launch.ts";
import { type RowClass, rowClassOf } from "../products/product-variant.ts";
import { type WeightLayout, weightLayout } from "../weights/weight-layout.ts";
import rowSource from "./linear-row-subgroups.wgsl";
import rowsSource from "./linear-subgroups.wgsl";
import normVector from "./norm-vector.wgsl";
import { inputOf, type Product, tiles } from "./product.ts";

/** Rows of the weight for each lane. */
const LANE_OUTPUTS = 4;

/** Whether a subgroup is a vector of a processor, which products are then made for. */
export function isForVectors({ op, at }: Product, rows: RowClass): boolean {
  const lanes = at.traits.vectorLanes;
  if (lanes === undefined || rows !== "one") return lanes !== undefined;
  // A chunk is shuffled whole. One of a single vector gains nothing: its weight is as many loads as its input.
  const { chunkValues } = weightLayout(at.weight(op.weight).format, op.input.columns);
  return chunkValues > 4 && chunkValues <= 4 * lanes;
}

export function inSubgroups(product: Product, rows: Exclude<RowClass, "one">): Launch {
  const { op, at, shard, bindings, outputSources } = product;
  const lanes = at.traits.vectorLanes!;
  const layout = weightLayout(at.weight(op.weight).format, op.input.columns);
  const input = inputOf(op.input, at);
  const extent = at.rows(op.output);
  return {
    source: [
      "enable subgroups;",
      `const SUBGROUP: u32 = ${lanes};`,
      `const LANE_OUTPUTS: u32 = ${LANE_OUTPUTS};`,
      layout.source,
      input.source,
      rowsSource,
      ...outputSources,
    ].join("\n"),
    entryPoint: "linear_subgroups",
    constants: { ...constantsOf(product, layout), ...input.constants },
    bindings,
    workgroups: ({ [extent]: count }) =>
      rowClassOf(count) === rows
        ? tiles(Math.ceil(shard.rows / (lanes * LANE_OUTPUTS)), Math.ceil(count / lanes))
        : [0],
  };
}

/** A lone row is normalized as it is read, where a norm is before it. */
export function rowInSubgroups(product: Product): Launch {
  const { op, at, shard, bindings, outputSources } = product;
  const lanes = at.traits.vectorLanes!;
  const layout = weightLayout(at.weight(op.weight).format, op.input.columns);
  const norm = normBefore(op, at.program);
  const operand = norm?.input ?? op.input;
  const input = inputOf(operand, at);
  const extent = at.rows(op.output);
  const { ROWS_AT, ...constants } = constantsOf(product, layout);
  return {
    source: [
      "enable subgroups;",
      `const SUBGROUP: u32 = ${lanes};`,
      `const HAS_SQUARES: bool = ${norm !== undefined};`,
      layout.source,
      input.source,
      normVector,
      rowSource,
      ...outputSources,
    ].join("\n"),
    entryPoint: "linear_row_subgroups",
    constants: { ...constants, ...input.constants, ...(norm && { EPSILON: norm.epsilon }) },
    bindings: [step, read(operand), ...bindings.slice(2), norm ? vectors(norm.weight) : step],
    workgroups: ({ [extent]: count }) => (count === 1 ? tiles(Math.ceil(shard.rows / lanes), 1) : [0]),
  };
}

function constantsOf({ op, constants }: Product, layout: WeightLayout): Launch["constants"] {
  return {
    ...constants,
    ...layout.constants,
    CHUNKS: Math.ceil(op.input.columns / layout.chunkValues),
    ROW_VECTORS: layout.rowBytes / 16,
  };
}
