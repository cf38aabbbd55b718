import { type BatchLimits, padding } from "./batch-plan.ts";
import { type ComposeOptions, composeStep, type StepPart } from "./compose-step.ts";
import { deliver, finishAnswer, isCurrent } from "./deliver.ts";
import { EngineError, isLoss } from "./errors.ts";
import type { Job, Submission } from "./job.ts";
import { JobError } from "./job-error.ts";
import { nextTask } from "./next-task.ts";
import { type Device, Roster } from "./roster.ts";
import { enqueueStep, type Step } from "./step.ts";
import type { Telemetry } from "./telemetry.ts";

export interface SchedulerOptions {
  readonly limits: BatchLimits;
  readonly maxContext: number;
  readonly maxBiases: number;
  /** Requests that may wait. */
  readonly maxQueue: number;
  /** Tokens between snapshots of a long prompt. */
  readonly snapshotStride: number;
  /** Whether a step is enqueued before the tokens of the one before it have been read. */
  readonly lookahead: boolean;
  /** Whether what a sequence computes must not depend, not even by rounding, on what else runs. */
  readonly deterministic: boolean;
  /** Another device after the loss of one; throws what all requests end with. */
  readonly recover: (error: unknown) => Promise<Device>;
}

/**
 * Runs the sequences of all requests in steps that they share.
 *
 * Each step has a row for every sequence that is in the middle of its answer, and fills up with rows of
 * prompts: a running answer waits for one step at most, of at most `limits.prefillRows` rows of prompts.
 */
export class Scheduler {
  readonly roster: Roster;
  readonly #options: SchedulerOptions;
  readonly #composing: ComposeOptions;
  readonly #telemetry: Telemetry;
  #isRunning = false;
  #running: Promise<void> = Promise.resolve();
  #steps = 0;
  #lastWasPrompt = false;
  /** Ends the waiting for a device that does not answer any more. */
  #interrupt: ((error: unknown) => void) | undefined;
  #loss: { readonly error: unknown } | undefined;

  constructor(device: Device, options: SchedulerOptions, telemetry: Telemetry) {
    const { snapshotStride, deterministic, limits, lookahead } = options;
    const chunk = deterministic ? limits.rows : undefined;
    this.roster = new Roster(device, { snapshotStride, snapshotGrid: chunk }, telemetry);
    this.#options = options;
    this.#composing = { limits, lookahead, chunk };
    this.#telemetry = telemetry;
  }

  /** @throws {EngineError} `QUEUE_FULL` */
  requireRoom(): void {
    const { maxQueue } = this.#options;
    // Those that have a place in the next step already do not wait.
    const queued = this.roster.queued - this.roster.device.executor.pool.freeSlots;
    if (queued < maxQueue) return;
    throw new EngineError(
      "QUEUE_FULL",
      `${queued} requests wait already, and no more than ${maxQueue} may. Try again later, or raise maxQueue.`,
      { queued, maxQueue },
    );
  }

  /** Takes a request; its answers come through its sink. */
  submit(submission: Submission): void {
    const [first, ...others] = submission.jobs;
    first!.followers = others;
    this.roster.waiting.push(first!);
    this.wake();
  }

  /** Ends a request wherever it is, and frees what it holds at once. */
  drop(submission: Submission): void {
    if (submission.isDone) return;
    submission.isDone = true;
    for (const job of submission.jobs) {
      this.roster.leave(job);
      const place = this.roster.waiting.indexOf(job);
      if (place >= 0) this.roster.waiting.splice(place, 1);
    }
    submission.onDone();
    this.wake();
  }

  /** Says that the device is gone, whether or not a step has noticed. */
  lose(error: unknown): void {
    this.#loss = { error };
    this.#interrupt?.(error);
    this.wake();
  }

  /** Whether the device is gone and no other is there yet. */
  get isRecovering(): boolean {
    return this.#loss !== undefined;
  }

  /** Goes on, if there is anything to do. */
  wake(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#running = this.#run().catch((error) => {
      // Nobody foresaw this. Whoever waits is told, rather than left waiting.
      this.#isRunning = false;
      for (const job of [...this.roster.running, ...this.roster.waiting]) this.fail(job.submission, error);
    });
  }

  /** Resolves when no step is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    /** Steps that the device has been given and whose tokens have not been read: one, or two for a moment. */
    const inFlight: Step[] = [];
    /** The parts of a step that has failed. */
    let failed: StepPart[] = [];
    const completeOldest = async (): Promise<void> => {
      const step = inFlight[0];
      if (step === undefined) return;
      try {
        await this.#complete(step);
      } catch (error) {
        failed.push(...step.parts);
        throw error;
      } finally {
        inFlight.shift();
      }
    };
    for (let isBusy = true; isBusy; ) {
      // A task of its own for each step, so that timers, input and aborts get their turn.
      await nextTask();
      let pending: readonly StepPart[] = [];
      try {
        if (this.#loss !== undefined) throw this.#loss.error;
        for (const { job, error } of this.roster.admit()) this.#giveUp(job, error);
        pending = composeStep(this.roster, this.#composing, this.#lastWasPrompt, inFlight.length > 0);
        isBusy = pending.length > 0 || inFlight.length > 0;
        // A suspect's step has to be done, or not, before anything else is risked.
        const looksAhead = this.#options.lookahead && !pending.some(({ job }) => job.isSuspect);
        const ahead = looksAhead && pending.length > 0 ? 1 : 0;
        if (pending.length > 0) inFlight.push(await this.#enqueue(pending, completeOldest));
        pending = [];
        while (inFlight.length > ahead) await completeOldest();
      } catch (error) {
        isBusy = true;
        const involved = [...failed, ...pending];
        // Of a lost device no step that is under way will be done.
        if (isLoss(error)) involved.push(...inFlight.splice(0).flatMap(({ parts }) => parts));
        await this.#overcome(error, involved);
        failed = [];
      }
    }
    this.#isRunning = false;
  }

  async #enqueue(parts: readonly StepPart[], before: () => Promise<void>): Promise<Step> {
    this.#steps++;
    for (const { job } of parts) job.servedAt = this.#steps;
    const { limits, maxContext, maxBiases, deterministic } = this.#options;
    const isPrompt = parts.some(({ isDecoding }) => !isDecoding);
    this.#lastWasPrompt = isPrompt;
    const least = deterministic ? padding(limits, maxContext, isPrompt) : {};
    return await enqueueStep(this.roster.device, parts, { maxBiases, least, before });
  }

  /** Reads what a step has drawn, and hands it to the answers that are still there. */
  async #complete({ parts, samples, logits, enqueuedAt }: Step): Promise<void> {
    const drawn = await this.#unlessLost(samples);
    const rows = parts.reduce((sum, { tokens }) => sum + tokens.length, 0);
    this.#telemetry.counters.steps++;
    this.#telemetry.counters.rows += rows;
    this.#telemetry.tell({
      type: "step",
      rows,
      decodeRows: parts.filter(({ isDecoding }) => isDecoding).length,
      sequences: parts.length,
      seconds: (performance.now() - enqueuedAt) / 1000,
    });
    let output = 0;
    for (const part of parts) {
      const own = drawn.slice(output, output + part.outputs);
      output += part.outputs;
      if (!isCurrent(part)) continue;
      try {
        const row = logits.get(part);
        const position = part.job.tokens.length;
        if (row !== undefined) {
          const values = await this.#unlessLost(row);
          if (!isCurrent(part)) continue;
          part.job.submission.request.onLogits!(values, position);
        }
        if (deliver(part, own, this.#telemetry)) this.#finish(part.job);
      } catch (error) {
        if (isLoss(error)) throw error;
        this.fail(part.job.submission, error);
      }
    }
  }

  #finish(job: Job): void {
    const { submission } = job;
    this.roster.leave(job);
    finishAnswer(job, this.#telemetry);
    if (submission.jobs.some((other) => !other.isDone)) return;
    this.#telemetry.counters.finished++;
    submission.isDone = true;
    submission.sink.end();
    submission.onDone();
  }

  /** Ends a request with an error, after the events that it has given so far. */
  fail(submission: Submission, error: unknown): void {
    if (submission.isDone) return;
    this.#telemetry.counters.failed++;
    this.#telemetry.tell({ type: "request-failed", id: submission.id, error });
    this.drop(submission);
    submission.sink.fail(error, false);
  }

  /** Ends what cannot go on. An answer that has begun and finds no more pages is complete as far as it goes. */
  #giveUp(job: Job, error: unknown): void {
    const isFull = error instanceof EngineError && error.code === "PAGES_EXHAUSTED";
    if (isFull && job.generation.completionTokens > 0) {
      this.#telemetry.warn(error.code, error.message);
      job.generation.cutShort();
      this.#finish(job);
    } else this.fail(job.submission, error);
  }

  /**
   * A step has failed. The states of its sequences are not to be trusted: each is read again in a step of its
   * own, and only one whose own step fails ends. A lost device is replaced before, if that can be done.
   */
  async #overcome(error: unknown, involved: readonly StepPart[]): Promise<void> {
    if (isLoss(error)) {
      const jobs = new Set(involved.filter(isCurrent).map(({ job }) => job));
      const [only] = jobs;
      // It has been alone in a step before, and that went wrong, too: it takes every device with it.
      if (jobs.size === 1 && only!.isSuspect) this.fail(only!.submission, error);
      for (const job of jobs) job.isSuspect = true;
      return await this.#replaceDevice(error);
    }
    if (error instanceof JobError) return this.#giveUp(error.job, error.cause);
    const { cache, copies } = this.roster.device;
    for (const { job, end } of involved) {
      const tokens = job.tokens.slice(0, end);
      cache?.drop(tokens);
      copies.drop(tokens);
    }
    const jobs = new Set(involved.filter(isCurrent).map(({ job }) => job));
    const [only] = jobs;
    if (involved.length === 0) {
      for (const job of [...this.roster.running, ...this.roster.waiting]) this.fail(job.submission, error);
    } else if (jobs.size === 1) this.fail(only!.submission, error);
    else {
      for (const job of [...jobs].sort((a, b) => b.admission - a.admission)) {
        job.isSuspect = true;
        this.roster.suspend(job);
      }
    }
  }

  async #replaceDevice(error: unknown): Promise<void> {
    this.#telemetry.tell({ type: "backend-lost", error });
    const started = performance.now();
    const sequences = this.roster.running.size;
    this.roster.loseDevice();
    this.#loss ??= { error };
    const loss = this.#loss;
    try {
      this.roster.device = await this.#options.recover(error);
      // The next one may be gone again already.
      if (this.#loss === loss) this.#loss = undefined;
      this.#telemetry.counters.recoveries++;
      const seconds = (performance.now() - started) / 1000;
      this.#telemetry.tell({ type: "backend-rebuilt", seconds, sequences });
    } catch (reason) {
      this.#loss = undefined;
      for (const job of [...this.roster.waiting]) this.fail(job.submission, reason);
    }
  }

  /** The promise, unless the device is lost before it settles. */
  async #unlessLost<T>(promise: Promise<T>): Promise<T> {
    if (this.#loss !== undefined) throw this.#loss.error;
    return await new Promise<T>((resolve, reject) => {
      this.#interrupt = reject;
      promise.then(resolve, reject);
    });
  }
}
