import { test } from "vitest";
import { loadAddon } from "../src/addon.ts";
import { hasNativeBackend, type InstructionSet } from "../src/index.ts";

/** Registers tests that need the compiled kernels; one that is skipped where there are none. */
export async function onNative(
  register: (instructionSets: readonly InstructionSet[]) => void | Promise<void>,
): Promise<void> {
  if (hasNativeBackend()) await register(loadAddon().instructionSets());
  else test.skip("needs the kernels compiled for this platform, and a C compiler to compile them");
}
