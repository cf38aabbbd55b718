import { KraitError } from "@krait/tensor";
import { type CompiledKernels, dotRanges } from "../kernel-build.ts";
import type { KernelModule } from "../kernel-module.ts";
import { claimParts } from "./claim-parts.ts";
import { type Command, commands, control, partsOf, X_BYTES, Y_BYTES } from "./exchange.ts";
import { createPartRunner } from "./part-runner.ts";
import { createRowStore, type RowStore } from "./row-store.ts";
import { runShardThread, type ThreadStart } from "./shard-thread.ts";
import { spawnThread, type Thread } from "./spawn-thread.ts";

/** How often a thread looks whether another is through, before it sleeps: some tens of microseconds. */
const SPINS = 4000;

/** How long a thread may take for a command, in milliseconds, before it counts as gone. A product takes a few. */
const PATIENCE = 60_000;
const UNANSWERED = `has not answered for ${PATIENCE / 1000} s`;

/** What comes and goes at once, rows of a file among it. */
export const SCRATCH_BYTES: number = X_BYTES + Y_BYTES;

/** Everybody. */
export const ALL = -1;

/**
 * Threads that run parts of kernels in one memory, keep rows of weights and carry out commands on them: the
 * caller's own, which is number 0, and others, which are started when they are first needed. The caller waits
 * until a command is done.
 */
export class Crew {
  readonly threads: number;
  /** Where rows come and go; what thread n computed stands from `yAt(n)` on. */
  readonly exchange: Uint8Array;
  /** Settles when a thread ends that nobody has told to. */
  readonly lost: Promise<KraitError>;
  readonly #kernels: CompiledKernels;
  readonly #words: Int32Array;
  readonly #own: RowStore;
  readonly #others: Thread[] = [];
  #main: KernelModule | undefined;
  #starting: Promise<void> | undefined;
  #lose!: (error: KraitError) => void;
  #isReady = false;
  #isDisposed = false;

  constructor(kernels: CompiledKernels, threads: number) {
    this.threads = threads;
    this.#kernels = kernels;
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
    const Bytes = threads > 1 ? SharedArrayBuffer : ArrayBuffer;
    this.exchange = new Uint8Array(new Bytes(X_BYTES + threads * Y_BYTES));
    this.#words = new Int32Array(new Bytes(4 * control.words));
    const dotRange = dotRanges.indexOf(kernels.dotRange);
    this.#own = createRowStore(kernels.module, dotRange, this.exchange.buffer, SCRATCH_BYTES);
  }

  yAt(thread: number): number {
    return X_BYTES + thread * Y_BYTES;
  }

  /** The kernels of the caller, of whose memory all have a share. */
  attach(main: KernelModule): void {
    this.#main = main;
  }

  /** Whether there are others, and they have joined. */
  get isReady(): boolean {
    return this.#isReady;
  }

  async start(): Promise<void> {
    this.#starting ??= this.#startOthers();
    await this.#starting;
  }

  /**
   * Has a thread, or {@link ALL}, carry out a command, and waits until it is done.
   *
   * @throws {RangeError} where a thread has no memory to hold what it is told to.
   * @throws {KraitError} `WASM_THREAD_LOST` when a thread does not answer any more.
   */
  tell(command: Command, target: number, ...words: number[]): void {
    const isForOthers = target !== 0 && this.#others.length > 0;
    if (isForOthers) this.#post(command, target, ...words);
    if (target === 0 || target === ALL) this.#carryOut(command, words);
    if (isForOthers) this.#await(command);
  }

  /**
   * Runs an op's parts, this thread as many as it gets hold of, and waits until all are done.
   *
   * @throws {KraitError} `WASM_THREAD_LOST` when a thread does not answer any more.
   */
  run(kernel: number, struct: number): void {
    const words = this.#words;
    const parts = partsOf(this.threads);
    const sequence = this.#post("run", ALL, kernel, struct);
    claimParts(words, control, sequence, parts, (part) => this.#main!.runPart(kernel, struct, part, parts));
    for (let spin = 0; spin < SPINS && Atomics.load(words, control.finished) !== parts; spin++);
    for (;;) {
      const finished = Atomics.load(words, control.finished);
      if (finished === parts) break;
      if (Atomics.wait(words, control.finished, finished, PATIENCE) === "timed-out") {
        throw new KraitError("WASM_THREAD_LOST", `A thread ${UNANSWERED}.`);
      }
    }
    for (let thread = 1; thread < this.threads; thread++) {
      if (Atomics.load(words, control.failed + thread) !== 0) throw failedThread(thread, "run");
    }
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    await this.#starting?.catch(() => {});
    if (this.#others.length > 0) this.#post("stop", ALL);
    await Promise.all(this.#others.splice(0).map((thread) => thread.terminate()));
  }

  async #startOthers(): Promise<void> {
    const kernels = this.#main?.threads;
    if (kernels === undefined) return;
    const tools = `{ createRowStore: ${createRowStore}, createPartRunner: ${createPartRunner}, claimParts: ${claimParts} }`;
    const source = `(start) => (${runShardThread})(start, ${tools})`;
    for (let thread = 1; thread < this.threads; thread++) {
      const other = await spawnThread(source, {
        module: this.#kernels.module,
        dotRange: dotRanges.indexOf(this.#kernels.dotRange),
        kernels,
        parts: partsOf(this.threads),
        exchange: this.exchange.buffer as SharedArrayBuffer,
        scratchBytes: SCRATCH_BYTES,
        words: this.#words.buffer as SharedArrayBuffer,
        thread,
        yAt: this.yAt(thread),
        control,
        commands,
        spins: SPINS,
      } satisfies ThreadStart);
      this.#others.push(other);
      void other.ended.then(() => this.#isDisposed || this.#lose(lostThread(thread, "has ended")));
    }
    if (this.#isDisposed) return;
    // This thread waits, so that no kernel runs while others instantiate theirs.
    this.tell("join", ALL);
    this.#isReady = true;
  }

  /** @returns the command's number. */
  #post(command: Command, target: number, ...given: number[]): number {
    const words = this.#words;
    const sequence = Atomics.add(words, control.sequence, 1) + 2;
    words[control.command] = commands.indexOf(command);
    words[control.target] = target;
    words.set(given, control.arguments);
    Atomics.store(words, control.finished, 0);
    Atomics.store(words, control.claims, sequence << control.claimBits);
    Atomics.store(words, control.sequence, sequence);
    Atomics.notify(words, control.sequence);
    return sequence;
  }

  #carryOut(command: Command, [a, b, c, d, e]: number[]): void {
    if (command === "hold") this.#own.hold(a!, b!, c!, d!, e!);
    else if (command === "fill") this.#own.fill(a!, b!, c!, d!, 0);
    else if (command === "multiply") this.#own.multiply(a!, b!, 0, c!, this.yAt(0));
    else if (command === "widen") this.#own.widen(a!, b!, this.yAt(0));
    else if (command === "release") this.#own.release(a!);
  }

  #await(command: Command): void {
    const words = this.#words;
    const sequence = Atomics.load(words, control.sequence);
    for (let thread = 1; thread < this.threads; thread++) {
      const place = control.done + thread;
      for (let spin = 0; spin < SPINS && Atomics.load(words, place) !== sequence; spin++);
      for (let done = Atomics.load(words, place); done !== sequence; done = Atomics.load(words, place)) {
        if (Atomics.wait(words, place, done, PATIENCE) === "timed-out") {
          throw lostThread(thread, UNANSWERED);
        }
      }
      if (Atomics.exchange(words, control.failed + thread, 0) === 0) continue;
      if (command === "hold") throw new RangeError(`Thread ${thread} has no memory for its rows.`);
      throw failedThread(thread, command);
    }
  }
}

function failedThread(thread: number, command: Command): KraitError {
  return new KraitError("WASM_THREAD_FAILED", `Thread ${thread} could not ${command}.`);
}

function lostThread(thread: number, reason: string): KraitError {
  return new KraitError("WASM_THREAD_LOST", `Thread ${thread} of the WebAssembly backend ${reason}.`);
}
