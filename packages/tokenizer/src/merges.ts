import { NumberHeap } from "./number-heap.ts";
import { PAIR_WORK, type Pace } from "./pace.ts";
import { fieldError, type TokenizerError } from "./tokenizer-error.ts";

// Byte-pair merges of one word:
//
//   while a pair of neighbours is in the list of merges, join the pair that is first in the list, and of
//   several the leftmost
//
// A heap has the pairs by their rank, the place in the list, and by their position, both in one number; pairs
// that are no more when their turn comes are passed over. Neighbours are found by links, so n bytes take
// O(n log n). The method is that of Sennrich et al. 2016, arXiv:1508.07909.

/** More positions than a word has; rank · POSITIONS + position is exact below 2²¹ ranks. */
const POSITIONS = 2 ** 32;

/** The list of merges as a table of ids. */
export interface MergeTable {
  /** The place of a pair in the list, or −1. */
  rankOf(left: number, right: number): number;
  /** The id that the merge at a place gives. */
  readonly merged: Int32Array;
}

/**
 * @param merges - pairs of tokens; of a pair that stands twice, the last counts.
 * @throws {TokenizerError} when a merge does not give one of the tokens of `ids`.
 */
export function createMergeTable(
  merges: readonly (readonly [string, string])[],
  ids: ReadonlyMap<string, number>,
): MergeTable {
  // Open addressing, with a third of the slots free at least.
  const mask = 2 ** Math.ceil(Math.log2(1.5 * merges.length + 2)) - 1;
  const ranks = new Int32Array(mask + 1).fill(-1);
  const lefts = new Int32Array(mask + 1);
  const rights = new Int32Array(mask + 1);
  const merged = new Int32Array(merges.length);
  const slotOf = (left: number, right: number): number => {
    let slot = ((Math.imul(left, 0x9e3779b1) + Math.imul(right, 0x85ebca6b)) >>> 7) & mask;
    while (ranks[slot] !== -1 && (lefts[slot] !== left || rights[slot] !== right)) slot = (slot + 1) & mask;
    return slot;
  };
  for (const [rank, [left, right]] of merges.entries()) {
    const id = ids.get(left + right);
    if (id === undefined) throw noToken(rank, [left, right]);
    const leftId = ids.get(left);
    const rightId = ids.get(right);
    // A half that is no token never comes up.
    if (leftId === undefined || rightId === undefined) continue;
    const slot = slotOf(leftId, rightId);
    ranks[slot] = rank;
    lefts[slot] = leftId;
    rights[slot] = rightId;
    merged[rank] = id;
  }
  return { merged, rankOf: (left, right) => ranks[slotOf(left, right)]! };
}

/**
 * Merges a word.
 *
 * @param symbols - the ids of the word's bytes; overwritten.
 * @returns the ids of its tokens, after pauses as `pace` wants them.
 */
export function* mergeWord(
  { rankOf, merged }: MergeTable,
  symbols: Int32Array,
  pace: Pace,
): Generator<undefined, Int32Array> {
  const length = symbols.length;
  // Of symbol i: the one behind it, the one before it, and the rank of its pair with the one behind it, or −1.
  const next = new Int32Array(length);
  const previous = new Int32Array(length);
  const ranks = new Int32Array(length);
  const waiting = new NumberHeap();
  const pair = (i: number): void => {
    const rank = next[i]! < length ? rankOf(symbols[i]!, symbols[next[i]!]!) : -1;
    ranks[i] = rank;
    if (rank >= 0) waiting.push(rank * POSITIONS + i);
  };
  for (let i = 0; i < length; i++) {
    next[i] = i + 1;
    previous[i] = i - 1;
  }
  for (let i = 0; i < length; i++) {
    pair(i);
    if (pace.spend(PAIR_WORK)) yield;
  }

  for (let first = waiting.pop(); first !== undefined; first = waiting.pop()) {
    if (pace.spend(PAIR_WORK)) yield;
    const rank = Math.floor(first / POSITIONS);
    const i = first - rank * POSITIONS;
    if (ranks[i] !== rank) continue;
    const gone = next[i]!;
    symbols[i] = merged[rank]!;
    next[i] = next[gone]!;
    ranks[gone] = -1;
    if (next[i]! < length) previous[next[i]!] = i;
    if (previous[i]! >= 0) pair(previous[i]!);
    pair(i);
  }

  let count = 0;
  for (let i = 0; i < length; i = next[i]!) symbols[count++] = symbols[i]!;
  return symbols.subarray(0, count);
}

function noToken(rank: number, merge: readonly [string, string]): TokenizerError {
  const expected = "two tokens that make up an ordinary token of model.vocab";
  return fieldError("tokenizer.json", `model.merges[${rank}]`, expected, merge);
}
