import { type Extents, type Op, PAGE_SIZE, type Program } from "@krait/tensor";
import type { KernelHost, KernelWeight } from "./kernel-host.ts";

/** Lanes of the widest vector that the kernels are compiled for; `LANES` in `kernels/vector.h`. */
const MOST_LANES = 16;

/** A line of the cache, so that no two parts write to one. */
const LINE_BYTES = 64;

/** Bytes of the largest workspace that an op of a Program needs for one part; ops use it one after the other. */
export function workspaceBytes<Weight extends KernelWeight>(
  program: Program,
  largest: Extents,
  { linear }: Pick<KernelHost<Weight>, "linear">,
): number {
  const bytes = program.ops.map((op) =>
    op.op === "linear"
      ? linear.workspaceBytes(op, largest, program.weights[op.weight.weight]!.format)
      : 4 * workspaceWords(op, largest),
  );
  return Math.ceil(Math.max(0, ...bytes) / LINE_BYTES) * LINE_BYTES;
}

/** As the struct of each kernel says beside its `workspace`. */
function workspaceWords(op: Op, largest: Extents): number {
  switch (op.op) {
    case "causalConv":
      return MOST_LANES * (op.kernelSize - 1);
    case "attention":
      return (
        2 * PAGE_SIZE * op.headDim + 2 * Math.max(op.heads, largest.rows * (op.heads / op.keyValueHeads))
      );
    case "drawToken":
      return op.logits.columns;
    default:
      return 0;
  }
}
