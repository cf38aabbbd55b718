import { KraitError, type TensorSpec } from "@krait/tensor";
import type { Held } from "../held.ts";
import { type CompiledKernels, dotRanges } from "../kernel-build.ts";
import type { KernelModule, ShardImports } from "../kernel-module.ts";
import { LARGEST_MEMORY } from "../memory.ts";
import { type Command, commands, control, X_BYTES, Y_BYTES } from "./exchange.ts";
import { createRowStore, type RowStore } from "./row-store.ts";
import { runShardThread, type ThreadStart } from "./shard-thread.ts";
import { spawnThread, type Thread } from "./spawn-thread.ts";

/** How often a thread looks whether another is through, before it sleeps: some tens of microseconds. */
const SPINS = 4000;

/** How long a thread may take for a command, in milliseconds, before it counts as gone. A product takes a few. */
const PATIENCE = 60_000;

const SCRATCH_BYTES = X_BYTES + Y_BYTES;

/** `Panel` in `row-store.ts` has room for so many. */
const MOST_COLUMNS = 65536;

/** Of what one memory can hold, most: it has room for what comes and goes too. */
const MOST_SHARE_BYTES = LARGEST_MEMORY - 2 ** 26;

/** The numbers that a weight's address may not be; `FIRST_ADDRESS` in `kernels/shards.h`. */
const MOST_WEIGHTS = 1023;

/** Which rows of a weight a thread has. */
interface Share {
  readonly first: number;
  readonly rows: number;
}

interface ShardedWeight {
  readonly held: Held;
  readonly shares: readonly Share[];
}

/**
 * Rows of large weights, divided among threads, each with memories of its own: so a step uses several
 * processors, and a model may be larger than the 4 GiB that 32 bits address. The caller's own thread has
 * a share like the others.
 */
export class Shards {
  readonly imports: ShardImports = {
    // Kernels pass words as signed numbers: an address from 2 GiB on comes as a negative one.
    multiplyShards: (weight, x, xBytes, count, y, stride) =>
      this.#multiply(weight, x >>> 0, xBytes, count, y >>> 0, stride),
    widenShards: (weight, tokens, count, to, stride) =>
      this.#widen(weight, tokens >>> 0, count, to >>> 0, stride),
  };
  /** Settles when a thread ends that nobody has told to. */
  readonly lost: Promise<KraitError>;
  readonly #kernels: CompiledKernels;
  readonly #threads: number;
  readonly #patience: number;
  readonly #exchange: Uint8Array;
  readonly #words: Int32Array;
  readonly #own: RowStore;
  readonly #weights = new Map<number, ShardedWeight>();
  readonly #others: Thread[] = [];
  #starting: Promise<void> | undefined;
  #main: KernelModule | undefined;
  #lose!: (error: KraitError) => void;
  #isDisposed = false;

  constructor(kernels: CompiledKernels, threads: number, patience: number = PATIENCE) {
    this.#kernels = kernels;
    this.#threads = threads;
    this.#patience = patience;
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
    const Bytes = threads > 1 ? SharedArrayBuffer : ArrayBuffer;
    this.#exchange = new Uint8Array(new Bytes(X_BYTES + threads * Y_BYTES));
    this.#words = new Int32Array(new Bytes(4 * control.words));
    this.#own = createRowStore(
      kernels.module,
      dotRanges.indexOf(kernels.dotRange),
      this.#exchange.buffer,
      SCRATCH_BYTES,
    );
  }

  /** The kernels whose `linear` and `embed` call the imports. */
  attach(main: KernelModule): void {
    this.#main = main;
  }

  /** Whether a weight's rows can be exchanged at all, and a thread's share of them is within one memory. */
  takes(spec: TensorSpec, held: Held): boolean {
    const rows = this.#rowsEach(held);
    return (
      spec.shape.length === 2 &&
      this.#weights.size < MOST_WEIGHTS &&
      held.columns <= MOST_COLUMNS &&
      4 * rows <= Y_BYTES &&
      held.bytes(rows) <= MOST_SHARE_BYTES
    );
  }

  /** The number by which the kernels know the weight. @throws {RangeError} where there is no memory for it. */
  async hold(held: Held): Promise<number> {
    this.#starting ??= this.#start();
    await this.#starting;
    const number = this.#freeNumber();
    const together = this.#rowsEach(held);
    const shares = Array.from({ length: this.#threads }, (_, thread) => {
      const first = Math.min(held.rows, thread * together);
      return { first, rows: Math.min(held.rows, first + together) - first };
    });
    this.#weights.set(number, { held, shares });
    try {
      for (const [thread, { rows }] of shares.entries()) {
        this.#tell("hold", thread, number, held.format, rows, held.columns, held.bytes(rows));
      }
    } catch (error) {
      this.release(number);
      throw error;
    }
    return number;
  }

  /** Brings rows from `row` on, as their file has them, to the threads that have them. */
  fill(number: number, row: number, bytes: Uint8Array): void {
    const { held, shares } = this.#weights.get(number)!;
    const most = Math.floor(SCRATCH_BYTES / held.rowBytes);
    for (const [thread, share] of shares.entries()) {
      const end = Math.min(row + bytes.byteLength / held.rowBytes, share.first + share.rows);
      for (let first = Math.max(row, share.first); first < end; first += most) {
        const count = Math.min(most, end - first);
        const from = (first - row) * held.rowBytes;
        this.#exchange.set(bytes.subarray(from, from + count * held.rowBytes));
        this.#tell("fill", thread, number, first - share.first, count, held.rowBytes);
      }
    }
  }

  release(number: number): void {
    if (this.#weights.delete(number)) this.#tell("release", -1, number);
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    await this.#starting?.catch(() => {});
    if (this.#others.length > 0) this.#post("stop", -1);
    await Promise.all(this.#others.splice(0).map((thread) => thread.terminate()));
  }

  async #start(): Promise<void> {
    const source = `(start) => (${runShardThread})(start, ${createRowStore})`;
    for (let thread = 1; thread < this.#threads; thread++) {
      const other = await spawnThread(source, {
        module: this.#kernels.module,
        dotRange: dotRanges.indexOf(this.#kernels.dotRange),
        exchange: this.#exchange.buffer as SharedArrayBuffer,
        scratchBytes: SCRATCH_BYTES,
        words: this.#words.buffer as SharedArrayBuffer,
        thread,
        yAt: this.#yAt(thread),
        control,
        commands,
        spins: SPINS,
      } satisfies ThreadStart);
      this.#others.push(other);
      void other.ended.then(() => this.#isDisposed || this.#lose(lostThread(thread, "has ended")));
    }
  }

  /** How many rows of a weight a thread has; the last ones may have fewer. */
  #rowsEach({ rows, rowsTogether }: Held): number {
    return Math.ceil(rows / this.#threads / rowsTogether) * rowsTogether;
  }

  #freeNumber(): number {
    for (let number = 1; ; number++) if (!this.#weights.has(number)) return number;
  }

  #yAt(thread: number): number {
    return X_BYTES + thread * Y_BYTES;
  }

  #multiply(number: number, x: number, xBytes: number, count: number, y: number, stride: number): void {
    const { shares } = this.#weights.get(number)!;
    const rowBytes = xBytes / count;
    const most = Math.min(Math.floor(X_BYTES / rowBytes), Math.floor(Y_BYTES / (4 * shares[0]!.rows)));
    for (let first = 0; first < count; first += most) {
      const rows = Math.min(most, count - first);
      this.#exchange.set(this.#bytes(x + first * rowBytes, rows * rowBytes));
      this.#tell("multiply", -1, number, rows, rows * rowBytes);
      for (const [thread, share] of shares.entries()) {
        for (let row = 0; row < rows; row++) {
          const at = this.#yAt(thread) + 4 * row * share.rows;
          const to = y + 4 * ((first + row) * stride + share.first);
          this.#bytes(to, 4 * share.rows).set(this.#exchange.subarray(at, at + 4 * share.rows));
        }
      }
    }
  }

  #widen(number: number, tokens: number, count: number, to: number, stride: number): void {
    const { held, shares } = this.#weights.get(number)!;
    for (let row = 0; row < count; row++) {
      const token = new DataView(this.#main!.memory.buffer).getInt32(tokens + 4 * row, true);
      const target = this.#bytes(to + 4 * row * stride, 4 * held.columns);
      const thread = shares.findIndex(({ first, rows }) => token >= first && token < first + rows);
      if (thread < 0) {
        target.fill(0);
        continue;
      }
      this.#tell("widen", thread, number, token - shares[thread]!.first);
      target.set(this.#exchange.subarray(this.#yAt(thread), this.#yAt(thread) + target.byteLength));
    }
  }

  #bytes(address: number, byteLength: number): Uint8Array {
    return new Uint8Array(this.#main!.memory.buffer, address, byteLength);
  }

  /** Has a thread, or all for −1, carry out a command, and waits until they are through. */
  #tell(command: Command, target: number, ...words: number[]): void {
    if (target !== 0 && this.#others.length > 0) this.#post(command, target, ...words);
    if (target <= 0) this.#carryOut(command, words);
    if (target !== 0 && this.#others.length > 0) this.#await(command);
  }

  #post(command: Command, target: number, ...given: number[]): void {
    const words = this.#words;
    words[control.command] = commands.indexOf(command);
    words[control.target] = target;
    words.set(given, control.arguments);
    Atomics.add(words, control.sequence, 1);
    Atomics.notify(words, control.sequence);
  }

  #carryOut(command: Command, [a, b, c, d, e]: number[]): void {
    if (command === "hold") this.#own.hold(a!, b!, c!, d!, e!);
    else if (command === "fill") this.#own.fill(a!, b!, c!, d!, 0);
    else if (command === "multiply") this.#own.multiply(a!, b!, 0, c!, this.#yAt(0));
    else if (command === "widen") this.#own.widen(a!, b!, this.#yAt(0));
    else if (command === "release") this.#own.release(a!);
  }

  #await(command: Command): void {
    const words = this.#words;
    const sequence = Atomics.load(words, control.sequence);
    for (let thread = 1; thread < this.#threads; thread++) {
      const place = control.done + thread;
      for (let spin = 0; spin < SPINS && Atomics.load(words, place) !== sequence; spin++);
      for (let done = Atomics.load(words, place); done !== sequence; done = Atomics.load(words, place)) {
        if (Atomics.wait(words, place, done, this.#patience) === "timed-out") {
          throw lostThread(thread, `has not answered for ${this.#patience / 1000} s`);
        }
      }
      if (Atomics.exchange(words, control.failed + thread, 0) === 0) continue;
      if (command === "hold") throw new RangeError(`Thread ${thread} has no memory for its rows.`);
      throw new KraitError("WASM_THREAD_FAILED", `Thread ${thread} could not ${command}.`);
    }
  }
}

function lostThread(thread: number, reason: string): KraitError {
  return new KraitError("WASM_THREAD_LOST", `Thread ${thread} of the WebAssembly backend ${reason}.`);
}
