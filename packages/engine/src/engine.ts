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
   * host and back where the device works on its own; only wastes a step where it is the host. On unless
   * the backend is the reference.
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
  readonly requests: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
}

/** Generates tokens with one model. Requests run one after the other, in the order they were made. */
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
  /** Waits for the request that is running, then frees all states. The model stays loaded. */
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
    lookahead: options.lookahead ?? backend.name !== "cpu",
  };
  const limits = {
    vocabularySize: architecture.vocabularySize,
    maxContext: sizes.maxContext,
    topCount: sizes.topCount,
    hasTokenizer: options.tokenizer !== undefined,
  };
  const stats = { requests: 0, promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  let turn: Promise<void> = Promise.resolve();
  let disposed = false;

  async function* inTurn(generation: Generation): AsyncGenerator<GenerateEvent, void, undefined> {
    const before = turn;
    let done = (): void => {};
    turn = new Promise((resolve) => {
      done = resolve;
    });
    try {
      await before;
      requireAlive();
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
    }
  }

  function requireAlive(): void {
    if (disposed) throw new EngineError("ENGINE_DISPOSED", "This engine has been disposed.");
  }

  return {
    generate(request) {
      requireAlive();
      checkRequest(request, limits);
      const generation = new Generation(context, request);
      const events = inTurn(generation);
      return {
        [Symbol.asyncIterator]: () => events,
        endThinking: () => generation.endThinking(),
      };
    },
    pool: executor.pool,
    stats,
    async dispose() {
      if (disposed) return;
      disposed = true;
      await turn;
      executor.dispose();
    },
  };
}
