import { EngineError, isLoss } from "./errors.ts";
import { RadixTree } from "./radix-tree.ts";
import type { Sequence, Snapshot, StatePool } from "./state-pool.ts";

/** What the cache holds and has done. */
export interface PrefixCacheStats {
  /** Snapshots kept. */
  readonly entries: number;
  /** Of their states and of the pages that only they hold. */
  readonly bytes: number;
  readonly hits: number;
  readonly misses: number;
  readonly evictions: number;
}

interface Entry {
  readonly snapshot: Snapshot;
  usedAt: number;
}

/** After so many requests without a hit, one is told why. */
const PATIENCE = 16;

/**
 * Keeps the states at the beginnings of prompts, so that what a prompt shares with an earlier one is not
 * read again. Recurrent states cannot be cut back: only the exact length of a snapshot serves, and a hit is
 * the longest one that the prompt begins with.
 *
 * Snapshots are given up least recently used first, when memory for another is needed, or the pages
 * that they hold. One that lies where several prompts part counts as used when any of them is.
 */
export class PrefixCache {
  readonly #pool: StatePool;
  readonly #warn: (code: string, message: string) => void;
  readonly #entries = new RadixTree<Entry>();
  /** By page, how many snapshots here hold it. */
  readonly #holders = new Map<number, number>();
  #clock = 0;
  #hits = 0;
  #misses = 0;
  #evictions = 0;
  #longestCommon = 0;
  #hasWarned = false;

  /** @param warn - told once when the cache can never serve anybody. */
  constructor(pool: StatePool, warn: (code: string, message: string) => void) {
    this.#pool = pool;
    this.#warn = warn;
    if (pool.snapshots.capacity > 0) return;
    this.#hasWarned = true;
    warn(
      "PREFIX_CACHE_TOO_SMALL",
      `The prefix cache can never hit: a snapshot takes ${pool.snapshots.byteLength} bytes, and prefixCacheBytes ` +
        "holds none. Load the model with a larger one, or switch the cache off.",
    );
  }

  get stats(): PrefixCacheStats {
    return {
      entries: this.#entries.size,
      bytes:
        this.#entries.size * this.#pool.snapshots.byteLength + this.freeablePages() * this.#pool.pageBytes,
      hits: this.#hits,
      misses: this.#misses,
      evictions: this.#evictions,
    };
  }

  /** How many snapshots there may be. */
  get capacity(): number {
    return this.#pool.snapshots.capacity;
  }

  /**
   * The longest kept beginning of a prompt. At least one token is left, as its logits start the answer.
   * Nothing is counted until {@link count}, and the snapshot may be given up by the next eviction.
   */
  find(prompt: readonly number[]): Snapshot | undefined {
    const { value, branches, common } = this.#entries.find(prompt, prompt.length - 1);
    this.#longestCommon = Math.max(this.#longestCommon, common);
    for (const entry of branches) entry.usedAt = ++this.#clock;
    if (value !== undefined) value.usedAt = ++this.#clock;
    return value?.snapshot;
  }

  /** Says whether a request was served by what {@link find} gave it. */
  count(isHit: boolean): void {
    if (isHit) this.#hits++;
    else this.#misses++;
    if (this.#hasWarned || this.#hits > 0 || this.#misses < PATIENCE) return;
    this.#hasWarned = true;
    this.#warn(
      "PREFIX_CACHE_USELESS",
      `None of ${this.#misses} requests found its beginning in the prefix cache; at most ${this.#longestCommon} tokens ` +
        "were those of an earlier prompt, and no message ends within them. If the prompts should have more in " +
        "common, look for what changes near their start, such as a date.",
    );
  }

  /** Keeps the states of a sequence that has read exactly these tokens, if there is or can be made room. */
  keep(tokens: readonly number[], sequence: Sequence): void {
    const known = this.#entries.get(tokens);
    if (known !== undefined) {
      known.usedAt = ++this.#clock;
      return;
    }
    const { snapshots } = this.#pool;
    if (snapshots.held >= snapshots.capacity && !this.#evict(this.#leastRecent())) return;
    try {
      const entry = { snapshot: this.#pool.snapshot(sequence), usedAt: ++this.#clock };
      this.#entries.insert(tokens, entry);
      this.#hold(entry.snapshot, 1);
    } catch (error) {
      // Keeping is a favour. What a device without memory for it says must not end an answer.
      if (isLoss(error)) throw error;
      this.#evict(this.#leastRecent());
      if (!(error instanceof EngineError)) this.#warn("PREFIX_CACHE_SNAPSHOT_FAILED", String(error));
    }
  }

  /**
   * Pages that would be free if the cache gave up all it has.
   *
   * @param spare - a snapshot that has to stay.
   */
  freeablePages(spare?: Snapshot): number {
    const kept = new Set(spare?.pages);
    return [...this.#holders.keys()].filter((page) => !kept.has(page) && this.#isOnlyHere(page)).length;
  }

  /**
   * Gives up the snapshot that was used least recently of those with pages that only the cache holds. The pages are
   * free when the last snapshot that holds them has been given up.
   *
   * @param spare - one that has to stay.
   * @returns whether there was one.
   */
  freePages(spare?: Snapshot): boolean {
    const kept = new Set(spare?.pages);
    const helps = ({ snapshot }: Entry): boolean =>
      snapshot !== spare && snapshot.pages.some((page) => !kept.has(page) && this.#isOnlyHere(page));
    return this.#evict(this.#leastRecent(helps));
  }

  /** Forgets what these tokens have left, should it be there. */
  drop(tokens: readonly number[]): void {
    const entry = this.#entries.get(tokens);
    if (entry !== undefined) this.#remove(entry);
  }

  /** Gives up the snapshot that was used least recently; whether there was one. */
  freeSnapshot(): boolean {
    return this.#evict(this.#leastRecent());
  }

  #leastRecent(may: (entry: Entry) => boolean = () => true): Entry | undefined {
    let least: Entry | undefined;
    for (const entry of this.#entries.values()) {
      if ((least === undefined || entry.usedAt < least.usedAt) && may(entry)) least = entry;
    }
    return least;
  }

  #evict(entry: Entry | undefined): boolean {
    if (entry === undefined) return false;
    this.#evictions++;
    this.#remove(entry);
    return true;
  }

  #remove(entry: Entry): void {
    this.#entries.remove(entry);
    this.#hold(entry.snapshot, -1);
    this.#pool.close(entry.snapshot);
  }

  #hold({ pages }: Snapshot, change: 1 | -1): void {
    for (const page of pages) {
      const holders = (this.#holders.get(page) ?? 0) + change;
      if (holders > 0) this.#holders.set(page, holders);
      else this.#holders.delete(page);
    }
  }

  /** Whether nobody but snapshots of the cache holds a page. */
  #isOnlyHere(page: number): boolean {
    return this.#pool.ownersOf(page) === this.#holders.get(page);
  }
}
