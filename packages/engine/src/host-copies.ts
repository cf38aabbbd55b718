import { RadixTree } from "./radix-tree.ts";
import type { Sequence, StatePool } from "./state-pool.ts";
import { readStates, type StoredState, storedBytes, writeStates } from "./stored-states.ts";

/** The states after so many tokens, in the host's memory. */
export interface HostCopy {
  readonly length: number;
  readonly states: readonly StoredState[];
  readonly bytes: number;
  usedAt: number;
}

/** Fewer tokens than this are read again sooner than their states are copied. */
const LEAST_TOKENS = 256;

/**
 * Copies of sequences' states that outlive the device: after the loss of one, a sequence goes on from the
 * longest copy that its tokens begin with, and only what follows is read again.
 *
 * Copies are given up least recently used first, when another needs their room.
 */
export class HostCopies {
  readonly #most: number;
  readonly #copies = new RadixTree<HostCopy>();
  #bytes = 0;
  /** Copies that are being made, by the array of their tokens. What is taken from here is not kept. */
  readonly #pending = new Map<readonly number[], number>();
  #clock = 0;

  /** @param bytes - what all copies may take; 0 for none. */
  constructor(bytes: number) {
    this.#most = bytes;
  }

  /** Whether any copies are made. */
  get areKept(): boolean {
    return this.#most > 0;
  }

  /** Of all copies. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Copies what a sequence holds now, which is what these tokens have left; in the background, if there is room.
   *
   * @param tokens - an array of their own for each copy.
   */
  add(tokens: readonly number[], pool: StatePool, sequence: Sequence): void {
    const { length } = tokens;
    const known = this.#copies.get(tokens);
    if (known !== undefined) known.usedAt = ++this.#clock;
    const bytes = storedBytes(pool, length);
    if (known !== undefined || length < LEAST_TOKENS || !this.#makeRoom(bytes)) return;
    this.#pending.set(tokens, bytes);
    const settle = (states: readonly StoredState[] | undefined): void => {
      if (!this.#pending.delete(tokens) || states === undefined) return;
      if (this.#copies.get(tokens) !== undefined) return;
      this.#bytes += bytes;
      this.#copies.insert(tokens, { length, states, bytes, usedAt: ++this.#clock });
    };
    // Why a copy failed, steps will say, too.
    readStates(pool, sequence).then(settle, () => settle(undefined));
  }

  /** Says that the device is gone: no copy that is being made will be done. */
  loseDevice(): void {
    this.#pending.clear();
  }

  /** Forgets what these tokens have left, should it be there or be on its way. */
  drop(tokens: readonly number[]): void {
    const copy = this.#copies.get(tokens);
    if (copy !== undefined) this.#remove(copy);
    for (const other of [...this.#pending.keys()]) {
      const isSame = other.length === tokens.length && other.every((token, index) => token === tokens[index]);
      if (isSame) this.#pending.delete(other);
    }
  }

  /** The longest copy that these tokens begin with, of at most so many. */
  find(tokens: readonly number[], most: number): HostCopy | undefined {
    const { value } = this.#copies.find(tokens, most);
    if (value !== undefined) value.usedAt = ++this.#clock;
    return value;
  }

  #makeRoom(bytes: number): boolean {
    if (bytes > this.#most) return false;
    const pending = [...this.#pending.values()].reduce((sum, each) => sum + each, 0);
    while (this.#bytes + pending + bytes > this.#most) {
      let least: HostCopy | undefined;
      for (const copy of this.#copies.values()) if (copy.usedAt < (least?.usedAt ?? Infinity)) least = copy;
      // What is under way cannot be given up.
      if (least === undefined) return false;
      this.#remove(least);
    }
    return true;
  }

  #remove(copy: HostCopy): void {
    this.#copies.remove(copy);
    this.#bytes -= copy.bytes;
  }
}

/**
 * A sequence that goes on where the copy was made.
 *
 * @throws {EngineError} as {@link StatePool.open} and {@link StatePool.extend}; then nothing has changed.
 */
export function restoreCopy(pool: StatePool, { length, states }: HostCopy): Sequence {
  const sequence = pool.open();
  try {
    pool.extend(sequence, length);
    writeStates(pool, sequence, states);
  } catch (error) {
    pool.close(sequence);
    throw error;
  }
  return sequence;
}
