import type { Model } from "@krait/models";
import type { Backend } from "@krait/tensor";
import { BatchingEngine } from "./batching-engine.ts";
import type { EngineOptions } from "./engine-options.ts";
import type { GenerateStream } from "./generate-stream.ts";
import type { GenerateRequest } from "./request.ts";
import type { Session } from "./session.ts";
import type { StatePool } from "./state-pool.ts";
import type { EngineStats } from "./telemetry.ts";

/** Generates tokens with one model, for many requests at once. */
export interface Engine {
  /**
   * Continues a prompt. It begins when its stream is first read; a reader who pauses holds up nobody else.
   *
   * @throws {EngineError} at once when the request is invalid, does not fit the context, or finds the queue
   *   full; while iterating, `QUEUE_FULL`, `PAGES_EXHAUSTED`, `DEADLINE_EXCEEDED`, `LOGITS_INVALID` and
   *   `ENGINE_LOST`, and the signal's reason once it is aborted.
   */
  generate(request: GenerateRequest): GenerateStream;
  /**
   * Reads a prompt and keeps its states, to go on from as often as one likes.
   *
   * @throws as {@link generate}, and `SNAPSHOTS_EXHAUSTED` when other sessions hold all there may be.
   */
  openSession(
    tokens: readonly number[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Session>;
  /**
   * A session that was stored, here or on another backend.
   *
   * @throws {EngineError} `SESSION_INVALID` when the bytes are damaged or of another model; `PAGES_EXHAUSTED`
   *   or `SNAPSHOTS_EXHAUSTED` when there is no room for it.
   */
  loadSession(bytes: Uint8Array): Session;
  /** The states of all sequences, to open, fork, snapshot and restore by hand; another one after a rebuild. */
  readonly pool: StatePool;
  readonly stats: EngineStats;
  /** Ends all generations with `ENGINE_DISPOSED`, then frees all states. The model stays loaded. */
  dispose(): Promise<void>;
}

export function createEngine(model: Model, backend: Backend, options: EngineOptions = {}): Engine {
  return new BatchingEngine(model, backend, options);
}
