import { activationWord, type LinearWriter } from "@krait/cpu-kernels";
import type { WasmWeight } from "./weight.ts";
import { PRODUCTS } from "./work.ts";

/** So many rows of x are prepared at a time: what they and their sums take stays in the cache. */
const ROWS_AT_ONCE = 64;

/** 32 columns of a prepared row, at most: `Activations` in `kernels/activations.h`, or f32. */
const ACTIVATION_BYTES = 80;
const FLOAT_BYTES = 128;

/** For every four columns and each part; `panel_bytes` in `kernels/multiply.h`. */
const PANEL_BYTES = 128;

/**
 * How `kernels/linear.c` gets its operands.
 *
 * @param parts - into how many its work is divided.
 * @param sharedWork - from how much on that is worth it; as {@link workOf}.
 */
export function linearWriter(parts: number, sharedWork: number): LinearWriter<WasmWeight> {
  return {
    words: (op, at) => [
      at.extent(at.rows(op.output)),
      ...at.matrix(op.input),
      ...at.stored(op.weight),
      op.output.columns,
      op.input.columns,
      op.bias ? at.floats(op.bias) : 0,
      activationWord(op.activation),
      ...(op.residual ? at.matrix(op.residual) : [0, 0, 0]),
      ...at.matrix(op.output),
      parts,
      sharedWork * PRODUCTS,
      ...at.workspace,
    ],
    workspaceBytes({ input: { columns } }, { rows, outputRows }) {
      const bytes = Math.max(ACTIVATION_BYTES, FLOAT_BYTES) * Math.ceil(columns / 32);
      const prepared = Math.min(ROWS_AT_ONCE, Math.max(rows, outputRows, 1)) * bytes;
      return Math.ceil(prepared / parts) + PANEL_BYTES * Math.ceil(columns / 4);
    },
  };
}
