import type { BatchQueue, RunLine } from "../../batches/batch-store.ts";

/** Hands out lines within this process. What is left when it ends is in the store, and added again at the next start. */
export class MemoryQueue implements BatchQueue {
  readonly #waiting: [batch: string, line: number][] = [];
  readonly #running = new Set<Promise<void>>();
  /** Of lines that are to be handed out again later. */
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #onError: (error: unknown) => void;
  #run: RunLine | undefined;
  #concurrency = 0;
  #hasEnded = false;

  /** @param onError - told why a line could not be run; it is tried again at the next start. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  async add(batch: string, lines: readonly number[]): Promise<void> {
    for (const line of lines) this.#waiting.push([batch, line]);
    this.#handOut();
  }

  start(run: RunLine, concurrency: number): void {
    this.#run = run;
    this.#concurrency = concurrency;
    this.#handOut();
  }

  #handOut(): void {
    while (!this.#hasEnded && this.#run && this.#running.size < this.#concurrency) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const running = this.#run(...next).then(
        (wait) => {
          if (wait !== undefined && !this.#hasEnded) this.#addLater(next, wait);
        },
        (error) => {
          if (!this.#hasEnded) this.#onError(error);
        },
      );
      this.#running.add(running);
      void running.then(() => {
        this.#running.delete(running);
        this.#handOut();
      });
    }
  }

  #addLater(line: [batch: string, line: number], milliseconds: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#waiting.push(line);
      this.#handOut();
    }, milliseconds);
    this.#timers.add(timer);
  }

  stop(): void {
    this.#hasEnded = true;
    this.#waiting.length = 0;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await Promise.all(this.#running);
  }
}
