/** Values that arrive when they do, read in order by one reader. */
export class EventQueue<T> implements AsyncIterable<T> {
  readonly #values: T[] = [];
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => {};

  push(value: T): void {
    this.#values.push(value);
    this.#wake();
  }

  /** No more values: the reader is done once it has read those that are here. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** The reader gets this error once it has read the values that are here. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (let read = 0; ; ) {
      while (read < this.#values.length) yield this.#values[read++]!;
      this.#values.length = read = 0;
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
