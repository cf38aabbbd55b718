import type { Linear, Operand } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { type Binding, type Launch, read, step, vectors, type Workgroups, write } from "../launch.ts";
import type { Shard } from "../weight.ts";
import { activationNumber } from "./activation.ts";
import activation from "./activation.wgsl";
import inputScalars from "./input-scalars.wgsl";
import inputVectors from "./input-vectors.wgsl";
import outputSource from "./linear-output.wgsl";

/** Dimensions of a dispatch end at 65,535 workgroups. */
const MOST_WORKGROUPS = 65_535;

/** A product by the rows of a weight that one buffer holds. */
export interface Product {
  readonly op: Linear;
  readonly at: CompileContext;
  readonly shard: Shard;
  readonly constants: Launch["constants"];
  /** The step, the input, the weight, bias and residual if there are any, and the output. */
  readonly bindings: readonly Binding[];
  readonly outputSources: readonly string[];
}

export function productOf(op: Linear, at: CompileContext, shard: Shard, index: number): Product {
  const rows = at.rows(op.output);
  return {
    op,
    at,
    shard,
    constants: {
      ROWS_AT: at.layout.extent(rows),
      FIRST_OUTPUT: shard.firstRow,
      OUTPUTS: shard.rows,
      ACTIVATION: activationNumber(op.activation),
      HAS_BIAS: Number(op.bias !== undefined),
      HAS_RESIDUAL: Number(op.residual !== undefined),
      ...at.view("Y", op.output),
      ...(op.residual && at.view("RESIDUAL", op.residual)),
    },
    bindings: [
      step,
      read(op.input),
      { kind: "weight", weight: op.weight.weight, shard: index },
      op.bias ? vectors(op.bias) : step,
      op.residual ? read(op.residual) : step,
      write(op.output),
    ],
    outputSources: [activation, outputSource],
  };
}

/** How a kernel reads rows of a value, four columns at a time. */
export function inputOf(operand: Operand, at: CompileContext): Pick<Launch, "source" | "constants"> {
  return {
    source: at.isAligned(operand) ? inputVectors : inputScalars,
    constants: { COLUMNS: operand.columns, ...at.view("X", operand) },
  };
}

/** Tiles of outputs in x, and in z what does not fit there; tiles of rows in y. */
export function tiles(outputTiles: number, rowTiles: number): Workgroups {
  const z = Math.ceil(outputTiles / MOST_WORKGROUPS);
  return [Math.ceil(outputTiles / z), rowTiles, z];
}
