import { describe, test } from "vitest";
import { buildEmulator } from "./emulator/build.ts";
import { type Emulator, openEmulator } from "./emulator.ts";

/** Orders of threads that every kernel gives the same bits in. */
export const orders: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7];

/** Registers tests that run kernels as C++; one that is skipped where they cannot be compiled. */
export async function withEmulator(
  name: string,
  register: (emulator: Emulator) => void | Promise<void>,
): Promise<void> {
  const library = await buildEmulator();
  if (library === undefined) {
    describe(name, () =>
      test.skip("needs g++ on Linux, which compiles the kernels for the processor", () => {}),
    );
    return;
  }
  const emulator = openEmulator(library);
  await register(emulator);
}
