import { UpstreamError } from "./upstream-error.ts";

/** A timer's longest time. */
const MOST_MILLISECONDS = 2 ** 31 - 1;

/** How long an upstream may say nothing while something is waited for: its head, or more of its body. */
export class Silence {
  readonly #url: string;
  readonly #seconds: number;
  readonly #end = new AbortController();

  constructor(url: string, seconds: number) {
    this.#url = url;
    this.#seconds = seconds;
  }

  /** Aborted once it has lasted too long, so that the connection is let go of. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** @throws {UpstreamError} when what is waited for does not come in time. */
  async broken<T>(by: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      const giveUp = () => {
        const error = new UpstreamError(this.#url, `has said nothing for ${this.#seconds} seconds.`, {
          silentSeconds: this.#seconds,
        });
        this.#end.abort(error);
        reject(error);
      };
      timer = setTimeout(giveUp, Math.min(1000 * this.#seconds, MOST_MILLISECONDS));
    });
    try {
      return await Promise.race([by, tooLong]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The same stream. Its silence counts only while it is read: whoever reads slowly is not kept waiting by it. */
  watch(stream: ReadableStream<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
    const reader = stream.getReader();
    return new ReadableStream({
      pull: async (controller) => {
        const { done, value } = await this.broken(reader.read());
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    });
  }
}
