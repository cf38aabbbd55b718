import type { KernelModule } from "./kernel-module.ts";

/** One op or check as its kernel gets it. */
export interface Entry {
  readonly kernel: string;
  /** The 32-bit words of the kernel's struct, integers of either sign. */
  readonly words: readonly number[];
}

/** Entries as `run` in `kernels/run.c` walks them: kernel, count of words, words. */
export function encodeOpList(entries: readonly Entry[], kernels: KernelModule): Uint8Array {
  const list = entries.flatMap(({ kernel, words }) => [kernels.places.get(kernel)!, words.length, ...words]);
  return new Uint8Array(Uint32Array.from(list).buffer);
}

/** An f32 as the word that a struct's field holds. */
export function floatBits(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0]!;
}
