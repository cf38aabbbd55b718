import type { Sequence, Snapshot, StatePool } from "./state-pool.ts";

/**
 * Keeps the states of one prompt's beginning, so that the next turn of the same conversation does not
 * read it again. Recurrent states cannot be cut back, so only the exact length of the snapshot serves.
 */
export class PrefixKeeper {
  readonly #pool: StatePool;
  #kept: { readonly tokens: readonly number[]; readonly snapshot: Snapshot } | undefined;

  constructor(pool: StatePool) {
    this.#pool = pool;
  }

  /** A sequence that already holds as much of the prompt as is kept; an empty one otherwise. */
  open(prompt: readonly number[]): Sequence {
    const kept = this.#kept;
    // At least one token has to be left, as its logits start the answer.
    const serves =
      kept !== undefined &&
      kept.tokens.length < prompt.length &&
      kept.tokens.every((token, index) => token === prompt[index]);
    if (serves) return this.#pool.restore(kept.snapshot);
    this.clear();
    return this.#pool.open();
  }

  /** Keeps the sequence, which has read these tokens, in place of what was kept. */
  keep(sequence: Sequence, tokens: readonly number[]): void {
    this.clear();
    // One slot stays free, so that keeping never is what prevents a fork.
    if (this.#pool.freeSlots < 2) return;
    this.#kept = { tokens, snapshot: this.#pool.snapshot(sequence) };
  }

  clear(): void {
    if (this.#kept !== undefined) this.#pool.close(this.#kept.snapshot);
    this.#kept = undefined;
  }
}
