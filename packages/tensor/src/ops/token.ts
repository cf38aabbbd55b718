import type { FeedRef, Operand, StateRef, WeightRef } from "../program.ts";
import type { Checker } from "./check.ts";

/**
 * The token id of each row: what the host fed, or, where it fed −1, the token that the row's slot
 * sampled last. Decoding therefore never waits for the host.
 *
 *   output[r] = token[r] ≥ 0 ? token[r] : lastToken[slot[r]]
 *
 * A row whose segment reads one slot and writes another must be fed its token. Padding, a row of slot
 * −1, gets −1.
 */
export interface ResolveToken {
  readonly op: "resolveToken";
  readonly token: FeedRef;
  readonly slot: FeedRef;
  readonly lastToken: StateRef;
  readonly output: Operand;
}

export function checkResolveToken(op: ResolveToken, check: Checker): void {
  check.feed("token", op.token, "i32", ["rows"]);
  check.feed("slot", op.slot, "i32", ["rows"]);
  check.state("lastToken", op.lastToken, "slot", [1], "i32");
  check.rows("output", check.operand("output", op.output, 1, "i32"), "rows");
}

/** The bit of a token count that says that the token stood in the prompt; the bits below count generated ones. */
export const SEEN_IN_PROMPT: number = 1 << 30;

/**
 * Counts the tokens of each sequence, for the penalties of sampling.
 *
 *   generated[r] = 0:  count[slot, token[r]] |= SEEN_IN_PROMPT
 *   generated[r] = 1:  count[slot, token[r]] += 1
 *
 * A row of token −1, which is padding, counts nothing.
 * Reads one slot and writes another, and leaves the counts after the mark row in the mark slot, as
 * {@link SegmentColumn} says.
 */
export interface CountTokens {
  readonly op: "countTokens";
  readonly token: Operand;
  readonly generated: FeedRef;
  readonly segment: FeedRef;
  /** i32 `[vocabularySize]` for each slot. */
  readonly count: StateRef;
}

export function checkCountTokens(op: CountTokens, check: Checker): void {
  check.rows("token", check.operand("token", op.token, 1, "i32"), "rows");
  check.feed("generated", op.generated, "i32", ["rows"]);
  checkSegment(op.segment, check);
  const shape = check.stateShape("count", op.count);
  if (shape.length !== 1) check.fail(`count state "${op.count.state}" needs one dimension, the vocabulary`);
  check.state("count", op.count, "slot", shape, "i32");
}

/** output[r] = table[token[r]], and zeros where the token is −1 */
export interface Embed {
  readonly op: "embed";
  readonly token: Operand;
  /** `[vocabularySize, hiddenSize]` */
  readonly table: WeightRef;
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly output: Operand;
}

export function checkEmbed(op: Embed, check: Checker): void {
  const rows = check.operand("token", op.token, 1, "i32");
  check.weight("table", op.table, [op.vocabularySize, op.hiddenSize]);
  check.rows("output", check.operand("output", op.output, op.hiddenSize), rows);
}

/** output[i] = input[row[i]], for the rows whose logits are wanted; zeros where row[i] is −1. */
export interface GatherRows {
  readonly op: "gatherRows";
  readonly input: Operand;
  readonly row: FeedRef;
  readonly output: Operand;
}

export function checkGatherRows(op: GatherRows, check: Checker): void {
  check.rows("input", check.operand("input", op.input, op.input.columns), "rows");
  check.feed("row", op.row, "i32", ["outputRows"]);
  check.rows("output", check.operand("output", op.output, op.input.columns), "outputRows");
}

/**
 * Columns of the segment feed. A segment is a run of consecutive rows of one sequence, in time
 * order; a slot has at most one in a step. Recurrent ops read the state of one slot, write that of
 * another (often the same), and leave the state as it is after the mark row in the mark slot, so
 * that forks, restores and snapshots in the middle of a prefill need no copy.
 *
 * A segment without rows copies its read slot to its write slot; one whose write slot is −1 is padding.
 * No slot is written twice in a step, or written by one segment and read by another.
 */
export const SegmentColumn = {
  startRow: 0,
  rowCount: 1,
  readSlot: 2,
  writeSlot: 3,
  /** A row of the step, or −1. */
  markRow: 4,
  /** −1 when there is no mark row. */
  markSlot: 5,
} as const;

/** Columns of the segment feed. */
export const SEGMENT_COLUMNS = 6;

export function checkSegment(segment: FeedRef, check: Checker): void {
  check.feed("segment", segment, "i32", ["segments", SEGMENT_COLUMNS]);
}
