import { type Extents, type Op, PAGE_SIZE, type Program } from "@krait/tensor";

/** Bytes of the largest workspace that an op of a Program needs; they use it one after the other. */
export function workspaceBytes(program: Program, largest: Extents): number {
  return Math.max(0, ...program.ops.map((op) => 4 * workspaceWords(op, largest)));
}

/** As the struct of each kernel says beside its `workspace`. */
function workspaceWords(op: Op, largest: Extents): number {
  switch (op.op) {
    case "linear":
      return 4 * op.input.columns;
    case "causalConv":
      return 4 * (2 * op.kernelSize - 1);
    case "attention":
      return 2 * PAGE_SIZE * op.headDim + 2 * largest.rows * (op.heads / op.keyValueHeads);
    case "drawToken":
      return op.logits.columns;
    default:
      return 0;
  }
}
