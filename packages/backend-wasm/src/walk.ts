import type { OpList } from "@krait/cpu-kernels";
import type { Extents } from "@krait/tensor";
import type { KernelModule } from "./kernel-module.ts";
import { workOf } from "./work.ts";

/** Bytes of what an entry has before the words of its kernel's struct; `kernels/op-list.h`. */
const HEAD_BYTES = 8;

export interface Walk {
  readonly module: KernelModule;
  /** From how much work on an op is divided; as {@link workOf}. */
  readonly sharedWork: number;
  runParts(kernel: number, struct: number): void;
}

/**
 * Walks a list of ops: those that are worth it on all threads, by `runParts`, and what stands between them at once
 * on this one. A product sees to its own parts.
 *
 * @returns the index of the check that found a fault, or −1.
 */
export function walk(
  { address, checks, ops, fault }: OpList,
  extents: Extents,
  { module, sharedWork, runParts }: Walk,
): number {
  const words = new Uint32Array(module.memory.buffer);
  const after = (entry: number): number => entry + HEAD_BYTES + 4 * words[entry / 4 + 1]!;
  let entry = address;
  for (let check = 0; check < checks; check++) entry = after(entry);
  let first = address;
  let waiting = checks;
  for (const op of ops) {
    if (op.op !== "linear" && workOf(op, extents) >= sharedWork) {
      const failed = waiting > 0 ? module.run(first, waiting, fault.address) : -1;
      if (failed >= 0) return failed;
      runParts(words[entry / 4]!, entry + HEAD_BYTES);
      first = after(entry);
      waiting = 0;
    } else {
      waiting++;
    }
    entry = after(entry);
  }
  return waiting > 0 ? module.run(first, waiting, fault.address) : -1;
}
