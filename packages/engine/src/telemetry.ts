import type { FinishReason, Timing, Usage } from "./events.ts";
import type { PrefixCacheStats } from "./prefix-cache.ts";

/** What happens in an engine, for logs, metrics and traces. `time` is that of `performance.now()`. */
export type EngineEvent = { readonly time: number } & (
  | { readonly type: "request-queued"; readonly id: string; readonly promptTokens: number }
  /** It has a place in the batch: told once, also of a request that loses it and is read again later. */
  | {
      readonly type: "request-started";
      readonly id: string;
      readonly queueSeconds: number;
      readonly cachedTokens: number;
    }
  /** Since it was queued. */
  | { readonly type: "first-token"; readonly id: string; readonly seconds: number }
  /** One for each choice. */
  | {
      readonly type: "request-finished";
      readonly id: string;
      readonly finishReason: FinishReason;
      readonly usage: Usage;
      readonly timing: Timing;
    }
  | { readonly type: "request-failed"; readonly id: string; readonly error: unknown }
  /** Its signal was aborted, or its reader left. */
  | { readonly type: "request-cancelled"; readonly id: string }
  /** A step has been done; its time is that from when it was enqueued. */
  | {
      readonly type: "step";
      readonly rows: number;
      readonly decodeRows: number;
      readonly sequences: number;
      readonly seconds: number;
    }
  | { readonly type: "warning"; readonly code: string; readonly message: string }
  | { readonly type: "backend-lost"; readonly error: unknown }
  /** The engine goes on with so many sequences. */
  | { readonly type: "backend-rebuilt"; readonly seconds: number; readonly sequences: number }
);

type WithoutTime<T> = T extends unknown ? Omit<T, "time"> : never;

/**
 * Whether an engine takes requests: while it is `recovering`, as its backend is made again, they wait; once it is
 * `lost`, because that cannot be done, or `disposed`, they fail.
 */
export type EngineState = "ready" | "recovering" | "lost" | "disposed";

/** What an engine has done since it was made, and what it holds. */
export interface EngineStats {
  readonly state: EngineState;
  /** Requests whose streams have been read. */
  readonly requests: number;
  readonly queued: number;
  /** Sequences in the batch. */
  readonly running: number;
  readonly finished: number;
  readonly cancelled: number;
  readonly failed: number;
  /** These and the following: of requests that came to their finish events. */
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
  readonly steps: number;
  /** Of all steps. */
  readonly rows: number;
  /** How often a sequence had to give its place or its pages to another, to be read again. */
  readonly preemptions: number;
  /** How often the backend was made again. */
  readonly recoveries: number;
  /** Tokens that sequences did not have to read again after that, as their states had been copied. */
  readonly recoveredTokens: number;
  /** Undefined when it is switched off. */
  readonly cache: PrefixCacheStats | undefined;
  readonly slots: { readonly free: number; readonly total: number };
  readonly pages: { readonly free: number; readonly total: number };
}

/** The part of the statistics that is counted. */
export type Counters = Omit<EngineStats, "state" | "queued" | "running" | "cache" | "slots" | "pages">;

/** Counts, and tells whoever listens. */
export class Telemetry {
  readonly counters: { -readonly [Name in keyof Counters]: number } = {
    requests: 0,
    finished: 0,
    cancelled: 0,
    failed: 0,
    promptTokens: 0,
    cachedTokens: 0,
    completionTokens: 0,
    reasoningTokens: 0,
    steps: 0,
    rows: 0,
    preemptions: 0,
    recoveries: 0,
    recoveredTokens: 0,
  };
  readonly #listener: ((event: EngineEvent) => void) | undefined;

  constructor(listener: ((event: EngineEvent) => void) | undefined) {
    this.#listener = listener;
  }

  /**
   * What a listener throws is its own affair.
   *
   * @param time - when it happened, where that is known: so that spans of a trace are those that are told.
   */
  tell(event: WithoutTime<EngineEvent>, time: number = performance.now()): void {
    if (this.#listener === undefined) return;
    try {
      this.#listener({ time, ...event } as EngineEvent);
    } catch {}
  }

  warn(code: string, message: string): void {
    this.tell({ type: "warning", code, message });
  }
}
