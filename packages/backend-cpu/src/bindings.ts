import {
  bindState,
  bindWeight,
  type DeviceBuffer,
  DisposedError,
  type Extent,
  type Extents,
  elementCount,
  type FeedRef,
  type Operand,
  type Program,
  resolveShape,
  type ScratchPlan,
  type StateRef,
  type WeightBuffer,
  type WeightRef,
} from "@krait/tensor";
import { CpuBuffer, type Memory } from "./buffer.ts";
import type { Matrix } from "./matrix.ts";
import type { PagedState } from "./paged-state.ts";
import { CpuWeight } from "./weight.ts";

export type FeedArray = Float32Array | Int32Array | Uint32Array;

/** A Program's names resolved to memory: scratch, feeds and outputs of its own, weights and states as given. */
export class Bindings {
  readonly feeds: ReadonlyMap<string, FeedArray>;
  readonly outputs: Readonly<Record<string, CpuBuffer>>;
  readonly #program: Program;
  readonly #plan: ScratchPlan;
  readonly #scratch: readonly CpuBuffer[];
  readonly #ownBuffers: CpuBuffer[] = [];
  readonly #weights = new Map<string, CpuWeight>();
  readonly #states = new Map<string, CpuBuffer>();

  constructor(
    program: Program,
    largest: Extents,
    plan: ScratchPlan,
    memory: Memory,
    given: {
      readonly weights: Readonly<Record<string, WeightBuffer>>;
      readonly states: Readonly<Record<string, DeviceBuffer>>;
    },
  ) {
    this.#program = program;
    this.#plan = plan;
    for (const [name, spec] of Object.entries(program.weights)) {
      this.#weights.set(name, bindWeight(name, spec, given.weights[name], ownWeight));
    }
    for (const [name, spec] of Object.entries(program.states)) {
      this.#states.set(name, bindState(name, spec, given.states[name], ownBuffer));
    }
    try {
      const allocate = (bytes: number, what: string) => {
        const buffer = memory.allocate(bytes, `${program.name}: ${what}`);
        this.#ownBuffers.push(buffer);
        return buffer;
      };
      this.#scratch = plan.buffers.map((bytes, i) => allocate(bytes, `scratch ${i}`));
      this.feeds = new Map(
        Object.entries(program.feeds).map(([name, { shape, dtype }]) => {
          const buffer = allocate(4 * elementCount(resolveShape(shape, largest)), `feed "${name}"`);
          return [name, dtype === "f32" ? floats(buffer) : dtype === "i32" ? ints(buffer) : words(buffer)];
        }),
      );
    } catch (error) {
      for (const buffer of this.#ownBuffers) buffer[Symbol.dispose]();
      throw error;
    }
    this.outputs = Object.fromEntries(
      Object.entries(program.outputs).map(([name, { value }]) => {
        const { rows, columns } = program.values[value]!;
        const buffer = this.#scratch[plan.bufferOf[value]!]!;
        return [name, buffer.prefix(4 * largest[rows] * columns, `${program.name}: output "${name}"`)];
      }),
    );
  }

  rows({ value }: Operand): Extent {
    return this.#program.values[value]!.rows;
  }

  floats(operand: Operand): Matrix {
    return { data: floats(this.#bufferOf(operand)), ...this.#columns(operand) };
  }

  ints(operand: Operand): Matrix<Int32Array> {
    return { data: ints(this.#bufferOf(operand)), ...this.#columns(operand) };
  }

  weight({ weight }: WeightRef): Float32Array {
    return this.#weights.get(weight)!.values;
  }

  floatFeed({ feed }: FeedRef): Float32Array {
    return this.feeds.get(feed) as Float32Array;
  }

  intFeed({ feed }: FeedRef): Int32Array {
    return this.feeds.get(feed) as Int32Array;
  }

  wordFeed({ feed }: FeedRef): Uint32Array {
    return this.feeds.get(feed) as Uint32Array;
  }

  floatState({ state }: StateRef): Float32Array {
    return floats(this.#states.get(state)!);
  }

  intState({ state }: StateRef): Int32Array {
    return ints(this.#states.get(state)!);
  }

  pagedState({ state }: StateRef): PagedState {
    const { dtype } = this.#program.states[state]!;
    const buffer = this.#states.get(state)!;
    return dtype === "f16" || dtype === "bf16"
      ? { dtype, data: buffer.view(Uint16Array, 2) }
      : { dtype: "f32", data: floats(buffer) };
  }

  /** The second dimension of a feed. */
  feedColumns({ feed }: FeedRef): number {
    return this.#program.feeds[feed]!.shape[1] as number;
  }

  /** How many slots, pages or output rows a state has. */
  stateCount({ state }: StateRef): number {
    return this.#program.states[state]!.count;
  }

  /** Elements of one slot, of one output row, or of one position of a page. */
  stateSize({ state }: StateRef): number {
    return elementCount(this.#program.states[state]!.shape);
  }

  /** @throws {DisposedError} when a weight or state was disposed after it was bound. */
  checkLive(): void {
    for (const [name, weight] of this.#weights) {
      if (weight.isDisposed) throw new DisposedError(`Weight "${name}"`);
    }
    for (const [name, buffer] of this.#states) {
      if (buffer.isDisposed) throw new DisposedError(`State "${name}"`);
    }
  }

  dispose(): void {
    for (const buffer of [...this.#ownBuffers, ...Object.values(this.outputs)]) buffer[Symbol.dispose]();
  }

  #bufferOf({ value }: Operand): CpuBuffer {
    return this.#scratch[this.#plan.bufferOf[value]!]!;
  }

  #columns({ value, offset, columns }: Operand): { offset: number; stride: number; columns: number } {
    return { offset, stride: this.#program.values[value]!.columns, columns };
  }
}

const floats = (buffer: CpuBuffer): Float32Array => buffer.view(Float32Array, 4);
const ints = (buffer: CpuBuffer): Int32Array => buffer.view(Int32Array, 4);
const words = (buffer: CpuBuffer): Uint32Array => buffer.view(Uint32Array, 4);

const ownWeight = (weight: WeightBuffer) => (weight instanceof CpuWeight ? weight : undefined);
const ownBuffer = (buffer: DeviceBuffer) => (buffer instanceof CpuBuffer ? buffer : undefined);
