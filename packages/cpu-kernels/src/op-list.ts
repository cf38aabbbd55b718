import type { KernelHost } from "./kernel-host.ts";

/** Of what kernels are given: words and workspaces; it rises with either, and in `native/walk.h` of the native backend. */
export const KERNEL_REVISION = 3;

/** One op or check as its kernel gets it. */
export interface Entry {
  readonly kernel: string;
  /** The words of the kernel's struct: addresses, and 32-bit numbers of either sign. */
  readonly words: readonly number[];
}

/** Bytes of an entry in the list. */
export function entryBytes({ words }: Entry, { wordBytes }: Pick<KernelHost, "wordBytes">): number {
  return (2 + words.length) * wordBytes;
}

/** Entries as `kernels/op-list.h` has them: kernel, count of words, words. */
export function encodeOpList(
  entries: readonly Entry[],
  { kernels, wordBytes }: Pick<KernelHost, "kernels" | "wordBytes">,
): Uint8Array {
  const list = entries.flatMap(({ kernel, words }) => [kernels.get(kernel)!, words.length, ...words]);
  const encoded = wordBytes === 4 ? Int32Array.from(list) : BigInt64Array.from(list, BigInt);
  return new Uint8Array(encoded.buffer);
}

/** An f32 as the word that a struct's field holds. */
export function floatBits(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0]!;
}
