import type { FeedRef, Operand, StateRef } from "../program.ts";
import type { Checker } from "./check.ts";

/**
 * Stores the keys and values of each row in the page of its sequence and position.
 *
 *   page = pageTable[slot[r], floor(position[r] / PAGE_SIZE)]
 *   keys[page, position[r] mod PAGE_SIZE] = key[r], values likewise
 *
 * Rows of slot −1 are padding and store nothing.
 */
export interface WriteKv {
  readonly op: "writeKv";
  readonly key: Operand;
  readonly value: Operand;
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly slot: FeedRef;
  readonly position: FeedRef;
  readonly pageTable: StateRef;
  /** `[keyValueHeads, headDim]` for each position. */
  readonly keys: StateRef;
  readonly values: StateRef;
}

/**
 * Attention of each query row over the pages of its own sequence, without positional encoding.
 *
 *   score[p] = scale · query[r, h] · keys[p, k]            p ≤ position[r]
 *   output[r, h] = sum over p of softmax(score)[p] · values[p, k]
 *
 *   h  query head        k = floor(h / (heads / keyValueHeads))
 *
 * Rows may belong to different sequences and stand at different positions, so one op serves
 * prefill, decode and a mixture of both. A row sees the positions up to and including its own.
 * Rows of slot −1 are padding and give zeros.
 *
 * Ainslie et al. 2023, arXiv:2305.13245, for the shared heads; Kwon et al. 2023, arXiv:2309.06180,
 * for pages.
 */
export interface Attention {
  readonly op: "attention";
  /** `[rows, heads · headDim]` */
  readonly query: Operand;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly scale: number;
  readonly slot: FeedRef;
  readonly position: FeedRef;
  readonly pageTable: StateRef;
  readonly keys: StateRef;
  readonly values: StateRef;
  readonly output: Operand;
}

export function checkWriteKv(op: WriteKv, check: Checker): void {
  const columns = op.keyValueHeads * op.headDim;
  check.rows("key", check.operand("key", op.key, columns), "rows");
  check.rows("value", check.operand("value", op.value, columns), "rows");
  checkPaged(op, check);
}

export function checkAttention(op: Attention, check: Checker): void {
  check.multiple("heads", op.heads, op.keyValueHeads);
  check.rows("query", check.operand("query", op.query, op.heads * op.headDim), "rows");
  checkPaged(op, check);
  check.rows("output", check.operand("output", op.output, op.heads * op.headDim), "rows");
}

function checkPaged(op: WriteKv | Attention, check: Checker): void {
  check.feed("slot", op.slot, "i32", ["rows"]);
  check.feed("position", op.position, "i32", ["rows"]);
  check.state("pageTable", op.pageTable, "slot", check.stateShape("pageTable", op.pageTable), "i32");
  check.state("keys", op.keys, "page", [op.keyValueHeads, op.headDim]);
  check.state("values", op.values, "page", [op.keyValueHeads, op.headDim]);
}
