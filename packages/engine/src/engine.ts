import type { Model } from "@krait/models";
import type { Backend } from "@krait/tensor";
import type { Tokenizer } from "@krait/tokenizer";
import { EngineError } from "./errors.ts";
import type { GenerateEvent } from "./events.ts";
import { Executor } from "./executor.ts";
import { Generation, type GenerationContext } from "./generation.ts";
import { PrefixKeeper } from "./prefix-keeper.ts";
import { checkRequest, type GenerateRequest } from "./request.ts";
import type { StatePool } from "./state-pool.ts";

export interface EngineOptions {
  /** Without one there are token events only: no text, stop strings or reasoning. */
  readonly tokenizer?: Tokenizer | undefined;
  /** The tokens at which the model ends its turn. */
  readonly endTokens?: readonly number[] | undefined;
  /**
   * Whether a step is enqueued before the token of the step before it has been read. Hides the way to the
   * host and back where the device works on its own; only delays tokens where it is the host. On unless
   * the backend is synchronous.
   */
  readonly lookahead?: boolean | undefined;
}

/** A generation under way. Iterate it once; leaving the loop ends it and frees its states. */
export interface GenerateStream extends AsyncIterable<GenerateEvent> {
  /** Ends the reasoning now: the closing marker follows the token that is being generated. */
  endThinking(): void;
}

/** What an engine has done since it was made. */
export interface EngineStats {
  /** Requests whose turn came. */
  readonly requests: number;
  /** These and the following: of requests that came to their finish event. */
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
}

/**
 * Generates tokens with one model. Requests run one after the other, in the order in which their streams
 * are first read; to read one inside the loop over another would wait for ever.
 */
export interface Engine {
  /**
   * Continues a prompt.
   *
   * @throws {EngineError} at once when the request is invalid or does not fit the context; while iterating,
   *   `PAGES_EXHAUSTED` and `SLOTS_EXHAUSTED`, and the signal's reason once it is aborted.
   */
  generate(request: GenerateRequest): GenerateStream;
  /** The states of all sequences, to open, fork, snapshot and restore by hand. */
  readonly pool: StatePool;
  readonly stats: EngineStats;
  /** Ends all generations with `ENGINE_DISPOSED`, then frees all states. The model stays loaded. */
  dispose(): Promise<void>;
}

export function createEngine(model: Model, backend: Backend, options: EngineOptions = {}): Engine {
  const executor = new Executor(model, backend);
  const { sizes, largest, architecture } = model;
  const context: GenerationContext = {
    executor,
    prefixes: new PrefixKeeper(executor.pool),
    tokenizer: options.tokenizer,
    endTokens: new Set(options.endTokens),
    maxContext: sizes.maxContext,
    chunkRows: largest.rows,
    maxBiases: sizes.maxBiases,
    lookahead: options.lookahead ?? !backend.synchronous,
  };
  const limits = {
    vocabularySize: architecture.vocabularySize,
    maxContext: sizes.maxContext,
    topCount: sizes.topCount,
    hasTokenizer: options.tokenizer !== undefined,
  };
  const stats = { requests: 0, promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  const disposal = new AbortController();
  const live = new Set<AsyncGenerator<GenerateEvent, void, undefined>>();
  let turn: Promise<void> = Promise.resolve();

  async function* inTurn(
    generation: Generation,
    signal: AbortSignal,
    onEnd: () => void,
  ): AsyncGenerator<GenerateEvent, void, undefined> {
    const before = turn;
    let done = (): void => {};
    const ended = new Promise<void>((resolve) => {
      done = resolve;
    });
    // Whoever gives up waiting still leaves those behind waiting for those before.
    turn = before.then(() => ended);
    try {
      await unlessAborted(before, signal);
      stats.requests++;
      for await (const event of generation.run()) {
        if (event.type === "finish") {
          stats.promptTokens += event.usage.promptTokens;
          stats.cachedTokens += event.usage.cachedTokens;
          stats.completionTokens += event.usage.completionTokens;
        }
        yield event;
      }
    } finally {
      done();
      onEnd();
    }
  }

  function requireAlive(): void {
    disposal.signal.throwIfAborted();
  }

  return {
    generate(request) {
      requireAlive();
      checkRequest(request, limits);
      const signal = AbortSignal.any([disposal.signal, ...(request.signal ? [request.signal] : [])]);
      const generation = new Generation(context, { ...request, signal });
      const events: AsyncGenerator<GenerateEvent, void, undefined> = inTurn(generation, signal, () =>
        live.delete(events),
      );
      live.add(events);
      return {
        [Symbol.asyncIterator]: () => events,
        endThinking: () => generation.endThinking(),
      };
    },
    pool: executor.pool,
    stats,
    async dispose() {
      if (disposal.signal.aborted) return;
      disposal.abort(new EngineError("ENGINE_DISPOSED", "This engine has been disposed."));
      // A generation whose reader has paused does not look at its signal; this ends it where it stands.
      await Promise.allSettled([...live].map((events) => events.return()));
      executor.dispose();
    },
  };
}

/** The promise, or the signal's reason if that comes first. */
async function unlessAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
  });
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
