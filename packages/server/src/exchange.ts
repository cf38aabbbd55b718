import type { Client } from "./access/guard.ts";
import { ApiError } from "./http/api-error.ts";

/** One request and what becomes of it. */
export class Exchange {
  /** Random; the response's `x-request-id` is `req_` and this. */
  readonly id: string = randomId();
  /** The path that was asked for. */
  readonly endpoint: string;
  /** Who asks, once that is known; undefined where everybody may. */
  client: Client | undefined;
  readonly #controller = new AbortController();
  readonly #outer: readonly AbortSignal[];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isGenerating = false;

  constructor(endpoint: string, outer: readonly AbortSignal[]) {
    this.endpoint = endpoint;
    this.#outer = outer;
    for (const signal of outer) {
      if (signal.aborted) this.abort(signal.reason);
      signal.addEventListener("abort", this.#onOuterAbort, { once: true });
    }
  }

  /** Aborted when the client has gone, the time is up, or the server ends. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** Whether an answer is under way, which may outlive the making of the response. */
  get isGenerating(): boolean {
    return this.#isGenerating;
  }

  /** An answer begins, for which there is so much time. It ends with {@link close}. */
  begin(seconds: number): void {
    this.#isGenerating = true;
    this.#timer = setTimeout(() => {
      this.abort(
        new ApiError("timeout", `The answer took more than ${seconds} seconds.`, { code: "timeout" }),
      );
    }, 1000 * seconds);
  }

  /** Lets go of everything that would outlive the exchange. */
  close(): void {
    clearTimeout(this.#timer);
    for (const signal of this.#outer) signal.removeEventListener("abort", this.#onOuterAbort);
  }

  readonly #onOuterAbort = (event: Event): void => {
    this.abort((event.target as AbortSignal).reason);
  };
}

/** 96 random bits as 24 hexadecimal digits. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
