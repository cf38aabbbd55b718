import type { Extents } from "@krait/tensor";

/** What one sequence could do in the next step. */
export interface Candidate {
  /** Rows that it has for the step at most. */
  readonly rows: number;
  /** Whether it is in the middle of an answer; then it has one row. */
  readonly isDecoding: boolean;
  /** Whose logits are wanted: of every row, of the last if all rows are taken, or of none. */
  readonly outputs: "all" | "last" | "none";
}

/** How large a step may be. */
export interface BatchLimits {
  readonly rows: number;
  readonly segments: number;
  readonly outputRows: number;
  /** Rows of prompts in a step that has decoding sequences: what holds those up. */
  readonly prefillRows: number;
}

/**
 * Shares the rows of a step among sequences.
 *
 * Decoding sequences come first, each with its one row, in the order given; while prompts wait, one row at
 * least is left to them, or, where a step has room for no more than one, every step goes to whoever comes
 * first. Prompts share the rest evenly, and what a short one does not need goes to the others: a short prompt
 * is not held up by a long one before it.
 *
 * @returns the rows of each candidate; 0 for those that have to wait.
 */
export function planBatch(candidates: readonly Candidate[], limits: BatchLimits): number[] {
  const granted = candidates.map(() => 0);
  const order = candidates.map((_, index) => index);
  const prompts = order.filter((index) => !candidates[index]!.isDecoding);
  let { rows, segments, outputRows: outputs } = limits;
  const room = Math.min(rows, segments, outputs);
  const reserved = prompts.length > 0 && (room > 1 || !candidates[0]!.isDecoding) ? 1 : 0;
  const decoding = order.filter((index) => candidates[index]!.isDecoding);
  for (const index of decoding.slice(0, room - reserved)) {
    granted[index] = 1;
    rows--;
    segments--;
    outputs--;
  }
  if (granted.includes(1)) rows = Math.min(rows, Math.max(1, limits.prefillRows));

  // The prompts with least to read first: what they leave of their share goes to the rest. But only those whose
  // turn it is: short ones that keep coming must not take every row from a long one.
  const served = prompts
    .slice(0, Math.min(segments, rows))
    .sort((a, b) => candidates[a]!.rows - candidates[b]!.rows);
  for (const [index, prompt] of served.entries()) {
    const candidate = candidates[prompt]!;
    const share = Math.max(Math.floor(rows / (served.length - index)), Math.min(rows, 1));
    let taken = Math.min(candidate.rows, share);
    if (candidate.outputs === "all") taken = Math.min(taken, outputs);
    else if (candidate.outputs === "last" && taken === candidate.rows && outputs === 0) taken--;
    granted[prompt] = taken;
    rows -= taken;
    outputs -= outputsOf(candidate, taken);
  }
  return granted;
}

/** How many rows of logits a candidate needs when it is given so many rows. */
export function outputsOf({ rows, outputs }: Candidate, granted: number): number {
  if (outputs === "all") return granted;
  return outputs === "last" && granted > 0 && granted === rows ? 1 : 0;
}

/** What every step is padded to where none may depend, not even by rounding, on what else runs. */
export function padding(limits: BatchLimits, context: number, isPrompt: boolean): Partial<Extents> {
  const { rows, segments, outputRows } = limits;
  if (isPrompt) return { rows, longestSegment: rows, context };
  const decoding = Math.min(segments, outputRows);
  return { rows: decoding, segments: decoding, outputRows: decoding, context };
}
