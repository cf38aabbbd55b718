import { activationWord, type Bindings, type LinearWriter } from "@krait/cpu-kernels";
import type { OpOf } from "@krait/tensor";
import type { WasmWeight } from "./weight.ts";

/** How `kernels/linear.c` gets its operands. */
export const linear: LinearWriter<WasmWeight> = {
  words: (op: OpOf<"linear">, at: Bindings<WasmWeight>) => [
    at.extent(at.rows(op.output)),
    ...at.matrix(op.input),
    ...at.stored(op.weight),
    op.bias ? at.floats(op.bias) : 0,
    activationWord(op.activation),
    ...(op.residual ? at.matrix(op.residual) : [0, 0, 0]),
    ...at.matrix(op.output),
    ...at.workspace,
  ],
  workspaceBytes: (op: OpOf<"linear">) => 4 * 4 * op.input.columns,
};
