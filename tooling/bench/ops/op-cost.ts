import {
  accessOf,
  byteLength,
  type Extents,
  elementCount,
  type Format,
  formatLayouts,
  isDType,
  type Op,
  type Program,
  resolveShape,
} from "@krait/tensor";

/** What an op cannot do without, however well it is written. */
export interface OpCost {
  /** Read or written: weights and states once, and the rows of its operands. */
  readonly bytes: number;
  /** Multiplications and additions. */
  readonly operations: number;
  /** Whether they can be dot products of bytes. */
  readonly integer: boolean;
}

/** The cost of an op in a step whose rows are all of one sequence. */
export function costOf(op: Op, program: Program, extents: Extents): OpCost {
  const { reads, writes, weights, states } = accessOf(op);
  const rowsOf = (value: number): number => resolveShape([program.values[value]!.rows], extents)[0]!;
  let bytes = 0;
  for (const { value, columns } of [...reads, ...writes]) bytes += 4 * rowsOf(value) * columns;
  for (const { weight } of weights) {
    const spec = program.weights[weight]!;
    bytes += op.op === "embed" ? extents.rows * rowBytes(spec.shape, spec.format) : byteLength(spec);
  }
  for (const { state, access } of states) {
    const { per, shape, dtype } = program.states[state]!;
    const unit = elementCount(shape) * formatLayouts[dtype].bytesPerBlock;
    if (per === "slot" && access === "update") bytes += 2 * unit;
    if (per === "page") bytes += unit * (op.op === "writeKv" ? extents.rows : extents.context);
  }
  const isQuantized = op.op === "linear" && !isDType(program.weights[op.weight.weight]!.format);
  const rows = rowsOf((writes[0] ?? reads[0])!.value);
  return { bytes, operations: rows * operationsPerRow(op, extents), integer: isQuantized };
}

function operationsPerRow(op: Op, { rows, context }: Extents): number {
  switch (op.op) {
    case "linear":
      return 2 * op.input.columns * op.output.columns;
    case "causalConv":
      return 2 * op.kernelSize * op.input.columns;
    case "ssmScan":
      // The state decays, takes in Δ · x ⊗ B, and is multiplied by C: five for each of its numbers.
      return 5 * op.heads * op.headDim * op.stateSize;
    case "attention":
      // Scores and sums over the positions that a row sees, on average.
      return 4 * op.heads * op.headDim * (context - (rows - 1) / 2);
    case "rmsNorm":
    case "gatedGroupNorm":
      return 4 * op.input.columns;
    default:
      return 0;
  }
}

function rowBytes(shape: readonly number[], format: Format): number {
  return byteLength({ shape: [1, shape.at(-1)!], format });
}
