import { activationWord, type LinearWriter } from "@krait/cpu-kernels";
import type { NativeWeight } from "./weight.ts";

/** Bytes that a row of activations takes at most once it is quantized: for each 512 of its columns. */
const GROUP_COLUMNS = 512;
const GROUP_BYTES = 512 + 3 * 64;

/** `linear` as `kernels/linear.h` has it; all parts of the host share what is quantized. */
export function linearWriter(parts: number): LinearWriter<NativeWeight> {
  return {
    words: (op, at) => [
      at.extent(at.rows(op.output)),
      ...at.matrix(op.input),
      ...at.stored(op.weight),
      op.bias ? at.floats(op.bias) : 0,
      activationWord(op.activation),
      ...(op.residual ? at.matrix(op.residual) : [0, 0, 0]),
      ...at.matrix(op.output),
      at.workspace[0]!,
    ],
    workspaceBytes: (op, largest) => {
      const groups = Math.ceil(op.input.columns / GROUP_COLUMNS);
      return Math.ceil((Math.max(largest.rows, largest.outputRows) * groups * GROUP_BYTES) / parts);
    },
  };
}
