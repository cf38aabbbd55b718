import type { control } from "./exchange.ts";

/**
 * Runs parts of an op, one after the other, as long as there is one that no thread has claimed. A thread that comes
 * late finds none, and nobody waits for it; one that is slow claims fewer.
 *
 * The word of claims holds which op it is of, the last bits of its number, and how many parts are claimed.
 * The source of this function is also what a thread runs, so it refers to nothing outside of itself.
 */
export function claimParts(
  words: Int32Array,
  { claims, claimBits, finished }: typeof control,
  sequence: number,
  parts: number,
  run: (part: number) => void,
): void {
  const countMask = (1 << claimBits) - 1;
  const tag = (sequence << claimBits) >>> claimBits;
  for (;;) {
    const claimed = Atomics.load(words, claims);
    const part = claimed & countMask;
    if (claimed >>> claimBits !== tag || part >= parts) return;
    if (Atomics.compareExchange(words, claims, claimed, claimed + 1) !== claimed) continue;
    try {
      run(part);
    } finally {
      if (Atomics.add(words, finished, 1) === parts - 1) Atomics.notify(words, finished);
    }
  }
}
