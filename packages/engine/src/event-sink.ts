/**
 * Events on their way from the engine to whoever reads them. A reader who does not read holds up only his
 * own request: its sink is full after a while, and the engine goes on with the others.
 */
export class EventSink<T> implements AsyncIterator<T, void, undefined> {
  readonly #most: number;
  readonly #events: T[] = [];
  readonly #readers: {
    resolve(result: IteratorResult<T, void>): void;
    reject(error: unknown): void;
  }[] = [];
  #end: { readonly error?: unknown } | undefined;
  /** Called at the first read, before it is answered. */
  onStart: (() => void) | undefined;
  /** Called when a sink that was full is so no more, and when half of its room is free again. */
  onRoom: (() => void) | undefined;
  /** Called when the reader leaves. */
  onReturn: (() => void) | undefined;

  /** @param most - how many events may wait before the sink is full. */
  constructor(most: number) {
    this.#most = most;
  }

  get isFull(): boolean {
    return this.#events.length >= this.#most;
  }

  /** Whether its reader is so far behind that it is worth nobody's while to go on just yet. */
  get isCrowded(): boolean {
    return this.#events.length > this.#most / 2;
  }

  push(events: readonly T[]): void {
    if (this.#end !== undefined) return;
    for (const event of events) {
      const reader = this.#readers.shift();
      if (reader === undefined) this.#events.push(event);
      else reader.resolve({ done: false, value: event });
    }
  }

  end(): void {
    this.#settle({});
  }

  /** @param discard - whether what has not been read yet is forgotten. */
  fail(error: unknown, discard: boolean): void {
    if (discard) this.#events.length = 0;
    this.#settle({ error });
  }

  #settle(end: { readonly error?: unknown }): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    for (const reader of this.#readers.splice(0)) {
      this.next().then(reader.resolve, reader.reject);
    }
  }

  next(): Promise<IteratorResult<T, void>> {
    const start = this.onStart;
    this.onStart = undefined;
    start?.();
    const [wasFull, wasCrowded] = [this.isFull, this.isCrowded];
    const event = this.#events.shift();
    if (event !== undefined) {
      if (wasFull !== this.isFull || wasCrowded !== this.isCrowded) this.onRoom?.();
      return Promise.resolve({ done: false, value: event });
    }
    if (this.#end !== undefined) {
      const { error } = this.#end;
      const failed = "error" in this.#end;
      // An error is thrown once, as by a generator; then there is nothing more.
      this.#end = {};
      return failed ? Promise.reject(error) : Promise.resolve({ done: true, value: undefined });
    }
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<T, void>> {
    this.#events.length = 0;
    const isOpen = this.#end === undefined;
    this.#settle({});
    this.#end = {};
    this.onStart = undefined;
    if (isOpen) this.onReturn?.();
    return Promise.resolve({ done: true, value: undefined });
  }
}
