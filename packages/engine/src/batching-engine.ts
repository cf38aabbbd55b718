import type { Model } from "@krait/models";
import type { Backend } from "@krait/tensor";
import { createSubmission } from "./create-submission.ts";
import type { Engine } from "./engine.ts";
import { type EngineDevice, openDevice } from "./engine-device.ts";
import { countOption, type EngineOptions } from "./engine-options.ts";
import { EngineError } from "./errors.ts";
import { EventSink } from "./event-sink.ts";
import type { GenerateEvent } from "./events.ts";
import type { GenerateStream } from "./generate-stream.ts";
import type { GenerationContext } from "./generation.ts";
import { HostCopies } from "./host-copies.ts";
import type { Submission } from "./job.ts";
import { checkRequest, type GenerateRequest, type RequestLimits } from "./request.ts";
import { Scheduler } from "./scheduler.ts";
import { loadSession, openSession, type Session, type SessionHost } from "./session.ts";
import type { Snapshot, StatePool } from "./state-pool.ts";
import { type EngineState, type EngineStats, Telemetry } from "./telemetry.ts";

/** What timers count to, in milliseconds: 24 days. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** What copies of states on the host may take where nobody says it. */
const HOST_BYTES = 256 * 2 ** 20;

/** So many backends in a row that are lost before they have done a step, and no other is made. */
const MOST_IN_VAIN = 3;

/** How many events may wait for a reader before his request waits, too. */
const SINK_EVENTS = 256;

/** {@link Engine} by a scheduler, over a device that may be lost and made again. */
export class BatchingEngine implements Engine {
  readonly #options: EngineOptions;
  readonly #telemetry: Telemetry;
  readonly #scheduler: Scheduler;
  readonly #context: GenerationContext;
  readonly #limits: RequestLimits;
  readonly #fingerprint: string;
  readonly #copies: HostCopies;
  readonly #live = new Set<Submission>();
  #device: EngineDevice;
  /** Why no request is taken any more. */
  #end: EngineError | undefined;
  #requests = 0;
  /** Steps that had been done when a backend was lost last, and how many in a row did none before they were. */
  #stepsAtRecovery = -1;
  #recoveriesInVain = 0;

  constructor(model: Model, backend: Backend, options: EngineOptions) {
    const { sizes, largest, architecture } = model;
    this.#options = options;
    this.#fingerprint = model.fingerprint;
    this.#telemetry = new Telemetry(options.onEvent);
    this.#context = {
      tokenizer: options.tokenizer,
      endTokens: new Set(options.endTokens),
      maxContext: sizes.maxContext,
      maxBiases: sizes.maxBiases,
    };
    this.#limits = {
      vocabularySize: architecture.vocabularySize,
      maxContext: sizes.maxContext,
      topCount: sizes.topCount,
      maxSequences: sizes.maxSlots,
      hasTokenizer: options.tokenizer !== undefined,
    };
    const { rows, segments, outputRows } = largest;
    const prefillRows = countOption("prefillRows", options.prefillRows, rows);
    const stride = options.prefixCache === false ? undefined : options.prefixCache?.stride;
    const canBeLost = options.rebuild !== undefined && !backend.synchronous;
    this.#copies = new HostCopies(options.recovery?.hostBytes ?? (canBeLost ? HOST_BYTES : 0));
    this.#device = this.#open(model, backend);
    this.#scheduler = new Scheduler(
      this.#device,
      {
        limits: { rows, segments, outputRows, prefillRows },
        maxContext: sizes.maxContext,
        maxBiases: sizes.maxBiases,
        maxQueue: countOption("maxQueue", options.maxQueue, 256),
        snapshotStride: countOption("prefixCache.stride", stride, 4096),
        lookahead: options.lookahead ?? !backend.synchronous,
        deterministic: options.deterministic ?? false,
        recover: (error) => this.#recover(error),
      },
      this.#telemetry,
    );
  }

  get pool(): StatePool {
    return this.#device.executor.pool;
  }

  get stats(): EngineStats {
    const { executor, cache } = this.#device;
    const { waiting, running } = this.#scheduler.roster;
    const { freeSlots, slots, freePages, pages } = executor.pool;
    return {
      ...this.#telemetry.counters,
      state: this.#state,
      queued: waiting.length,
      running: running.size,
      cache: cache?.stats,
      slots: { free: freeSlots, total: slots },
      pages: { free: freePages, total: pages },
    };
  }

  get #state(): EngineState {
    if (this.#end !== undefined) return this.#end.code === "ENGINE_DISPOSED" ? "disposed" : "lost";
    return this.#scheduler.isRecovering ? "recovering" : "ready";
  }

  generate(request: GenerateRequest): GenerateStream {
    return this.#generate(request);
  }

  async openSession(
    tokens: readonly number[],
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Session> {
    return await openSession(this.#sessionHost, tokens, signal);
  }

  loadSession(bytes: Uint8Array): Session {
    if (this.#end !== undefined) throw this.#end;
    return loadSession(this.#sessionHost, bytes);
  }

  async dispose(): Promise<void> {
    if (this.#end?.code === "ENGINE_DISPOSED") return;
    this.#end = new EngineError("ENGINE_DISPOSED", "This engine has been disposed.");
    for (const submission of [...this.#live]) this.#cancel(submission, this.#end);
    await this.#scheduler.idle();
    this.#device.dispose();
  }

  get #sessionHost(): SessionHost {
    const engine = this;
    return {
      get device() {
        return engine.#device;
      },
      fingerprint: this.#fingerprint,
      generate: (request, from, keep) => this.#generate(request, from, keep),
    };
  }

  #generate(request: GenerateRequest, from?: Snapshot, keep?: Submission["keep"]): GenerateStream {
    if (this.#end !== undefined) throw this.#end;
    checkRequest(request, this.#limits);
    this.#scheduler.requireRoom();
    const sink = new EventSink<GenerateEvent>(SINK_EVENTS);
    const id = request.id ?? String(++this.#requests);
    const submission = createSubmission(this.#context, request, { id, sink, from, keep });
    const deadline = deadlineOf(request);
    sink.onStart = () => this.#start(submission, deadline);
    sink.onRoom = () => this.#scheduler.wake();
    sink.onReturn = () => this.#cancel(submission, undefined);
    return {
      [Symbol.asyncIterator]: () => sink,
      endThinking: () => {
        for (const { generation } of submission.jobs) generation.endThinking();
      },
    };
  }

  #start(submission: Submission, deadline: number | undefined): void {
    const { request, sink, id } = submission;
    const { signal } = request;
    try {
      if (this.#end !== undefined) throw this.#end;
      signal?.throwIfAborted();
      this.#scheduler.requireRoom();
    } catch (error) {
      sink.fail(error, true);
      return;
    }
    const onAbort = (): void => this.#cancel(submission, signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    const timer = deadline === undefined ? undefined : this.#failAt(submission, deadline);
    submission.onDone = () => {
      signal?.removeEventListener("abort", onAbort);
      clearTimeout(timer);
      this.#live.delete(submission);
    };
    submission.queuedAt = performance.now();
    this.#telemetry.counters.requests++;
    this.#live.add(submission);
    const { length } = request.prompt;
    this.#telemetry.tell({ type: "request-queued", id, promptTokens: length }, submission.queuedAt);
    this.#scheduler.submit(submission);
  }

  #failAt(submission: Submission, deadline: number): ReturnType<typeof setTimeout> {
    const error = (): EngineError =>
      new EngineError(
        "DEADLINE_EXCEEDED",
        `Request ${submission.id} was not done within ${submission.request.deadlineSeconds} s.`,
        { id: submission.id, deadlineSeconds: submission.request.deadlineSeconds },
      );
    const milliseconds = Math.min(deadline - performance.now(), LONGEST_TIMER);
    return setTimeout(() => this.#scheduler.fail(submission, error()), milliseconds);
  }

  /** Ends a request at its reader's wish; with a reason, the reader is told. */
  #cancel(submission: Submission, reason: unknown): void {
    if (submission.isDone) return;
    if (this.#live.has(submission)) {
      this.#telemetry.counters.cancelled++;
      this.#telemetry.tell({ type: "request-cancelled", id: submission.id });
    }
    this.#scheduler.drop(submission);
    if (reason !== undefined) submission.sink.fail(reason, true);
  }

  #open(model: Model, backend: Backend): EngineDevice {
    const device = openDevice(model, backend, {
      cache: this.#options.prefixCache !== false,
      copies: this.#copies,
      warn: (code, message) => this.#telemetry.warn(code, message),
    });
    backend.lost.then((error) => {
      if (this.#device === device) this.#scheduler.lose(error);
    });
    return device;
  }

  /** @throws {EngineError} `ENGINE_LOST`, with which all requests end, those to come included. */
  async #recover(cause: unknown): Promise<EngineDevice> {
    const { steps } = this.#telemetry.counters;
    // One that is lost while nobody wants anything has not failed at anything.
    const isInVain = steps === this.#stepsAtRecovery && this.#scheduler.roster.waiting.length > 0;
    this.#recoveriesInVain = isInVain ? this.#recoveriesInVain + 1 : 0;
    this.#stepsAtRecovery = steps;
    const rebuild = this.#recoveriesInVain < MOST_IN_VAIN ? this.#options.rebuild : undefined;
    try {
      this.#device.dispose();
    } catch {
      // What is gone cannot be freed.
    }
    try {
      if (rebuild === undefined) throw cause;
      const { model, backend } = await rebuild();
      requireSameModel(model, this.#limits, this.#context);
      if (this.#end !== undefined) throw this.#end;
      this.#device = this.#open(model, backend);
      return this.#device;
    } catch (error) {
      const lost = new EngineError(
        "ENGINE_LOST",
        lossMessage(this.#options.rebuild !== undefined, this.#recoveriesInVain),
        {},
        { cause: error },
      );
      this.#end ??= lost;
      throw this.#end;
    }
  }
}

/** When the request has to be done, on the clock of `performance.now()`. */
function deadlineOf({ deadlineSeconds }: GenerateRequest): number | undefined {
  return deadlineSeconds === undefined ? undefined : performance.now() + 1000 * deadlineSeconds;
}

function lossMessage(canRebuild: boolean, recoveriesInVain: number): string {
  if (!canRebuild) {
    return (
      "The backend is lost, and with it the states of all sequences. Load the model again, or give the engine " +
      "a way to do so (rebuild)."
    );
  }
  return recoveriesInVain < MOST_IN_VAIN
    ? "The backend was lost, and the model could not be made again."
    : `The backend was lost ${recoveriesInVain + 1} times in a row without a step in between, and is not made again.`;
}

function requireSameModel(model: Model, limits: RequestLimits, context: GenerationContext): void {
  const { sizes, architecture } = model;
  const same =
    architecture.vocabularySize === limits.vocabularySize &&
    sizes.maxContext === context.maxContext &&
    sizes.maxBiases === context.maxBiases &&
    sizes.topCount >= limits.topCount &&
    sizes.maxSlots >= limits.maxSequences;
  if (same) return;
  throw new EngineError("OPTION_INVALID", "rebuild gave a model of other sizes than the one that was lost.");
}
