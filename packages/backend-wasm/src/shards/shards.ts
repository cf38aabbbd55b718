import type { KraitError, TensorSpec } from "@krait/tensor";
import type { Held } from "../held.ts";
import type { CompiledKernels } from "../kernel-build.ts";
import type { KernelModule, ShardImports } from "../kernel-module.ts";
import { LARGEST_MEMORY } from "../memory.ts";
import { ALL, Crew, SCRATCH_BYTES } from "./crew.ts";
import { X_BYTES, Y_BYTES } from "./exchange.ts";

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
    runParts: (kernel, struct) => this.runParts(kernel, struct),
    // Kernels pass words as signed numbers: an address from 2 GiB on comes as a negative one.
    multiplyShards: (weight, x, xBytes, count, y, stride) =>
      this.#multiply(weight, x >>> 0, xBytes, count, y >>> 0, stride),
    widenShards: (weight, tokens, count, to, stride) =>
      this.#widen(weight, tokens >>> 0, count, to >>> 0, stride),
  };
  readonly #crew: Crew;
  readonly #weights = new Map<number, ShardedWeight>();
  #main: KernelModule | undefined;

  constructor(kernels: CompiledKernels, threads: number) {
    this.#crew = new Crew(kernels, threads);
  }

  /** Settles when a thread ends that nobody has told to. */
  get lost(): Promise<KraitError> {
    return this.#crew.lost;
  }

  /** The kernels whose `linear` and `embed` call the imports. */
  attach(main: KernelModule): void {
    this.#main = main;
    this.#crew.attach(main);
  }

  /** Starts the other threads, if they are not there. */
  async start(): Promise<void> {
    await this.#crew.start();
  }

  /** Runs an op on all threads, or on this one as long as there are no others. */
  runParts(kernel: number, struct: number): void {
    if (this.#crew.isReady) this.#crew.run(kernel, struct);
    else this.#main!.runPart(kernel, struct, 0, 1);
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
    await this.start();
    const number = this.#freeNumber();
    const together = this.#rowsEach(held);
    const shares = Array.from({ length: this.#crew.threads }, (_, thread) => {
      const first = Math.min(held.rows, thread * together);
      return { first, rows: Math.min(held.rows, first + together) - first };
    });
    this.#weights.set(number, { held, shares });
    try {
      for (const [thread, { rows }] of shares.entries()) {
        this.#crew.tell("hold", thread, number, held.format, rows, held.columns, held.bytes(rows));
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
        this.#crew.exchange.set(bytes.subarray(from, from + count * held.rowBytes));
        this.#crew.tell("fill", thread, number, first - share.first, count, held.rowBytes);
      }
    }
  }

  release(number: number): void {
    if (this.#weights.delete(number)) this.#crew.tell("release", ALL, number);
  }

  async dispose(): Promise<void> {
    await this.#crew.dispose();
  }

  /** How many rows of a weight a thread has; the last ones may have fewer. */
  #rowsEach({ rows, rowsTogether }: Held): number {
    return Math.ceil(rows / this.#crew.threads / rowsTogether) * rowsTogether;
  }

  #freeNumber(): number {
    for (let number = 1; ; number++) if (!this.#weights.has(number)) return number;
  }

  #multiply(number: number, x: number, xBytes: number, count: number, y: number, stride: number): void {
    const { shares } = this.#weights.get(number)!;
    const rowBytes = xBytes / count;
    const most = Math.min(Math.floor(X_BYTES / rowBytes), Math.floor(Y_BYTES / (4 * shares[0]!.rows)));
    for (let first = 0; first < count; first += most) {
      const rows = Math.min(most, count - first);
      this.#crew.exchange.set(this.#bytes(x + first * rowBytes, rows * rowBytes));
      this.#crew.tell("multiply", ALL, number, rows, rows * rowBytes);
      for (const [thread, share] of shares.entries()) {
        for (let row = 0; row < rows; row++) {
          const at = this.#crew.yAt(thread) + 4 * row * share.rows;
          const to = y + 4 * ((first + row) * stride + share.first);
          this.#bytes(to, 4 * share.rows).set(this.#crew.exchange.subarray(at, at + 4 * share.rows));
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
      this.#crew.tell("widen", thread, number, token - shares[thread]!.first);
      target.set(
        this.#crew.exchange.subarray(this.#crew.yAt(thread), this.#crew.yAt(thread) + target.byteLength),
      );
    }
  }

  #bytes(address: number, byteLength: number): Uint8Array {
    return new Uint8Array(this.#main!.memory.buffer, address, byteLength);
  }
}
