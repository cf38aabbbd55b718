import { EngineError } from "./errors.ts";

/** Pages of keys and values, each with the number of sequences and snapshots that hold it. */
export class PagePool {
  readonly #owners: Uint32Array;
  readonly #free: number[];

  constructor(pages: number) {
    this.#owners = new Uint32Array(pages);
    this.#free = Array.from({ length: pages }, (_, index) => pages - 1 - index);
  }

  get freePages(): number {
    return this.#free.length;
  }

  /**
   * Takes pages, all or none.
   *
   * @throws {EngineError} `PAGES_EXHAUSTED`
   */
  take(count: number): number[] {
    if (count > this.#free.length) {
      throw new EngineError(
        "PAGES_EXHAUSTED",
        `${count} more pages of keys and values are needed, but only ${this.#free.length} of ` +
          `${this.#owners.length} are free. Close sequences or snapshots, or load the model with a larger maxKvTokens.`,
        { needed: count, free: this.#free.length, pages: this.#owners.length },
      );
    }
    const taken = this.#free.splice(this.#free.length - count, count).reverse();
    for (const page of taken) this.#owners[page] = 1;
    return taken;
  }

  /** How many sequences and snapshots hold a page. */
  owners(page: number): number {
    return this.#owners[page]!;
  }

  share(pages: readonly number[]): void {
    for (const page of pages) this.#owners[page]!++;
  }

  release(pages: readonly number[]): void {
    for (const page of pages) if (--this.#owners[page]! === 0) this.#free.push(page);
  }
}
