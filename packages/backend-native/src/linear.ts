import { activationWord, type LinearWriter } from "@krait/cpu-kernels";
import { isDType } from "@krait/tensor";
import type { NativeWeight } from "./weight.ts";

/**
 * Quantized activations are kept in stretches of at most so many columns: two bytes for each, where signs are split off,
 * and two numbers for every 32; `kernels/quantized-rows.h`.
 */
const STRETCH_COLUMNS = 2048;
const STRETCH_BYTES = 2 * STRETCH_COLUMNS + (2 * 4 * STRETCH_COLUMNS) / 32;

/** Columns of two of the widest vectors, to which those of packed rows are padded; `kernels/linear-floats-many.h`. */
const MOST_PAIR_COLUMNS = 32;

/** Tiles of AMX are 16 rows, of which the last ones may be past the end. */
const ROWS_READ_PAST_THE_LAST = 15;

/** `linear` as `kernels/linear.h` has it; all parts of the host share what is quantized or packed. */
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
    workspaceBytes: (op, largest, format) => {
      const most = Math.max(largest.rows, largest.outputRows);
      if (isDType(format)) {
        const columns = MOST_PAIR_COLUMNS * Math.ceil(op.input.columns / MOST_PAIR_COLUMNS);
        return Math.ceil((most * 4 * columns) / parts);
      }
      const rows = most + ROWS_READ_PAST_THE_LAST;
      const stretches = Math.ceil(op.input.columns / STRETCH_COLUMNS);
      return Math.ceil((rows * stretches * STRETCH_BYTES) / parts);
    },
  };
}
