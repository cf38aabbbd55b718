import { KraitError } from "@krait/tensor";
import type { InstructionSet } from "./addon.ts";

const MOST_THREADS = 1024;

/** @throws {KraitError} `NATIVE_OPTION_INVALID` */
export function checkThreads(threads: number): number {
  if (Number.isSafeInteger(threads) && threads >= 1 && threads <= MOST_THREADS) return threads;
  throw new KraitError(
    "NATIVE_OPTION_INVALID",
    `threads should be a whole number from 1 to ${MOST_THREADS}, but is ${threads}.`,
  );
}

/**
 * The instruction set that was asked for, or the best.
 *
 * @param available - what the processor has, the best first.
 * @throws {KraitError} `NATIVE_OPTION_INVALID`
 */
export function chooseInstructionSet(
  name: string | undefined,
  available: readonly InstructionSet[],
): InstructionSet {
  const chosen = name === undefined || name === "" ? available[0] : available.find((set) => set === name);
  if (chosen !== undefined) return chosen;
  throw new KraitError(
    "NATIVE_OPTION_INVALID",
    `This processor has no instruction set "${name}" for the kernels. It has ${available.join(", ")}.`,
  );
}
