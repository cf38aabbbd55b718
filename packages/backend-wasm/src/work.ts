import type { Extents, Op } from "@krait/tensor";

/** Work that takes one thread some twenty microseconds: less is done before others have been told of it. */
export const SHARED_WORK = 20_000;

/** Multiplications that a product does in the time of one unit of work. */
export const PRODUCTS = 13;

/** About as many nanoseconds as an op takes one thread, at most; −1 where its kernel does not divide its work. */
export function workOf(op: Op, { rows, context, outputRows }: Extents): number {
  switch (op.op) {
    case "linear":
      return (Math.max(rows, outputRows) * op.input.columns * op.output.columns) / PRODUCTS;
    case "causalConv":
      return rows * op.input.columns * (op.kernelSize + 1);
    case "ssmScan":
      return (rows * op.heads * op.headDim * op.stateSize) / 2;
    case "attention":
      return (rows * context * op.heads * op.headDim) / 2;
    case "rmsNorm":
      return rows * op.input.columns;
    case "gatedGroupNorm":
      return 4 * rows * op.input.columns;
    // Their logits are a state, whose columns the op does not say: those of a vocabulary.
    case "logSumExp":
    case "topK":
      return 10_000 * outputRows;
    case "adjustLogits":
    case "drawToken":
      return outputRows * op.output.columns;
    case "writeKv":
      return (rows * (op.key.columns + op.value.columns)) / 4;
    default:
      return -1;
  }
}
