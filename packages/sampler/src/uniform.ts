import { type PhiloxKey, philox4x32 } from "./philox.ts";

/** A seed as the key of Philox: its lower and its upper 32 bits, modulo 2⁶⁴. */
export function seedToKey(seed: bigint): PhiloxKey {
  return [Number(BigInt.asUintN(32, seed)), Number(BigInt.asUintN(32, seed >> 32n))];
}

/**
 * The uniform number in [0, 1) that belongs to a sequence position.
 *
 *   u = floor(word / 2⁸) / 2²⁴        word: the first of Philox4x32-10
 *                                     key: the seed; counter: (position mod 2³², position / 2³², 0, 0)
 *
 * It has 24 bits, so single precision holds it exactly and a GPU makes the same number.
 */
export function uniformAt(key: PhiloxKey, position: number): number {
  const [word] = philox4x32([position >>> 0, Math.floor(position / 2 ** 32), 0, 0], key);
  return (word >>> 8) / 2 ** 24;
}
