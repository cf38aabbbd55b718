import type { Extents } from "./extents.ts";
import { accessOf } from "./ops/op.ts";
import type { Program } from "./program.ts";

/** Which buffer holds each value, and how large the buffers are. */
export interface ScratchPlan {
  /** Bytes of each buffer. */
  readonly buffers: readonly number[];
  /** The buffer of each value, by the value's index. */
  readonly bufferOf: readonly number[];
  readonly totalBytes: number;
}

/**
 * Assigns a Program's values to a small set of whole buffers by liveness, as a compiler allocates
 * registers: a buffer is free again after the last op that reads its value. Outputs keep theirs.
 *
 * Whole buffers and not offsets into one, because WebGPU forbids reading and writing one buffer in
 * the same dispatch. A value takes the smallest free buffer that fits, else the largest free one is
 * grown, else a new one is made.
 *
 * @param largest - the largest step; values take `rows × columns × 4` bytes of it.
 */
export function planScratch(program: Program, largest: Extents): ScratchPlan {
  const lastUse = new Map<number, number>();
  for (const [index, op] of program.ops.entries()) {
    const { reads, writes } = accessOf(op);
    for (const { value } of [...reads, ...writes]) lastUse.set(value, index);
  }
  for (const { value } of Object.values(program.outputs)) lastUse.set(value, Number.POSITIVE_INFINITY);

  const buffers: number[] = [];
  const bufferOf: number[] = new Array(program.values.length).fill(-1);
  const free = new Set<number>();
  for (const [index, op] of program.ops.entries()) {
    const { reads, writes } = accessOf(op);
    for (const { value } of writes) {
      const { rows, columns } = program.values[value]!;
      const bytes = largest[rows] * columns * 4;
      const buffer = chooseBuffer(buffers, free, bytes);
      buffers[buffer] = Math.max(buffers[buffer] ?? 0, bytes);
      free.delete(buffer);
      bufferOf[value] = buffer;
    }
    for (const { value } of [...reads, ...writes]) {
      if (lastUse.get(value) === index) free.add(bufferOf[value]!);
    }
  }
  return { buffers, bufferOf, totalBytes: buffers.reduce((a, b) => a + b, 0) };
}

function chooseBuffer(buffers: readonly number[], free: ReadonlySet<number>, bytes: number): number {
  const bySize = [...free].sort((a, b) => buffers[a]! - buffers[b]!);
  return bySize.find((buffer) => buffers[buffer]! >= bytes) ?? bySize.at(-1) ?? buffers.length;
}
