import {
  BindingError,
  type DeviceBuffer,
  DisposedError,
  dequantize,
  type Extent,
  type Extents,
  elementCount,
  type FeedRef,
  type Operand,
  type Program,
  resolveShape,
  type ScratchPlan,
  type StateRef,
  stateBytes,
  type WeightBuffer,
  type WeightRef,
} from "@krait/tensor";
import { WasmBuffer } from "./buffer.ts";
import type { Memory } from "./memory.ts";
import { ownWeight, type WasmWeight } from "./weight.ts";
import { workspaceBytes } from "./workspace.ts";

/** How the kernels number the stored formats; `Format` in `kernels/kernel.h`. */
const storedFormats: readonly string[] = ["f32", "f16", "bf16"];

const extentNames: readonly (keyof Extents)[] = [
  "rows",
  "segments",
  "longestSegment",
  "context",
  "outputRows",
];

/**
 * A Program's names resolved to addresses: scratch, feeds and workspace of its own, weights and states
 * as given. The methods give the words by which a kernel's struct refers to an operand.
 */
export class Bindings {
  readonly program: Program;
  readonly outputs: Readonly<Record<string, WasmBuffer>>;
  readonly feeds: ReadonlyMap<string, WasmBuffer>;
  readonly #memory: Memory;
  readonly #plan: ScratchPlan;
  readonly #owned: WasmBuffer[] = [];
  readonly #scratch: readonly WasmBuffer[];
  readonly #extents: WasmBuffer;
  readonly #workspace: WasmBuffer;
  readonly #weights = new Map<string, WasmWeight>();
  readonly #states = new Map<string, WasmBuffer>();

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
    this.program = program;
    this.#memory = memory;
    this.#plan = plan;
    for (const [name, spec] of Object.entries(program.weights)) {
      this.#weights.set(name, ownWeight(name, given.weights[name], spec, memory));
    }
    for (const [name, spec] of Object.entries(program.states)) {
      this.#states.set(name, ownState(name, given.states[name], stateBytes(spec), memory));
    }
    try {
      this.#scratch = plan.buffers.map((bytes, i) => this.allocate(bytes, `scratch ${i}`));
      this.#workspace = this.allocate(workspaceBytes(program, largest), "workspace");
      this.#extents = this.allocate(4 * extentNames.length, "extents");
      this.feeds = new Map(
        Object.entries(program.feeds).map(([name, { shape }]) => {
          const bytes = 4 * elementCount(resolveShape(shape, largest));
          return [name, this.allocate(bytes, `feed "${name}"`)];
        }),
      );
    } catch (error) {
      for (const buffer of this.#owned) buffer[Symbol.dispose]();
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

  /** Memory that is given back with the bindings. */
  allocate(bytes: number, what: string): WasmBuffer {
    const buffer = this.#memory.allocate(bytes, `${this.program.name}: ${what}`);
    this.#owned.push(buffer);
    return buffer;
  }

  writeExtents(extents: Extents): void {
    const words = Uint32Array.from(extentNames, (name) => extents[name]);
    this.#extents.write(0, new Uint8Array(words.buffer));
  }

  /** `Extent` */
  extent(name: keyof Extents): number {
    return this.#extents.address + 4 * extentNames.indexOf(name);
  }

  rows({ value }: Operand): Extent {
    return this.program.values[value]!.rows;
  }

  /** `Matrix` or `Tokens` */
  matrix({ value, offset, columns }: Operand): number[] {
    const buffer = this.#scratch[this.#plan.bufferOf[value]!]!;
    return [buffer.address + 4 * offset, this.program.values[value]!.columns, columns];
  }

  /** `Stored`, a weight as it is stored. */
  stored({ weight }: WeightRef): number[] {
    const { spec, buffer } = this.#weights.get(weight)!;
    return [buffer.address, storedFormats.indexOf(spec.format)];
  }

  /** `const float *`, a small weight that is widened once if it is not f32. */
  floats({ weight }: WeightRef): number {
    const { spec, buffer } = this.#weights.get(weight)!;
    if (spec.format === "f32") return buffer.address;
    const values = dequantize(spec.format, buffer.bytes());
    const widened = this.allocate(values.byteLength, `weight "${weight}" as f32`);
    widened.write(0, new Uint8Array(values.buffer));
    return widened.address;
  }

  feed({ feed }: FeedRef): number {
    return this.feeds.get(feed)!.address;
  }

  state({ state }: StateRef): number {
    return this.#states.get(state)!.address;
  }

  /** `Stored`, keys or values. */
  pages(ref: StateRef): number[] {
    return [this.state(ref), storedFormats.indexOf(this.program.states[ref.state]!.dtype)];
  }

  get workspace(): number {
    return this.#workspace.address;
  }

  /** The second dimension of a feed; 1 where it has none. */
  feedColumns({ feed }: FeedRef): number {
    return Number(this.program.feeds[feed]!.shape[1] ?? 1);
  }

  /** How many slots, pages or output rows a state has. */
  stateCount({ state }: StateRef): number {
    return this.program.states[state]!.count;
  }

  /** Elements of one slot, of one output row, or of one position of a page. */
  stateSize({ state }: StateRef): number {
    return elementCount(this.program.states[state]!.shape);
  }

  /** @throws {DisposedError} when a weight or state was disposed after it was bound. */
  checkLive(): void {
    for (const [name, { buffer }] of this.#weights) {
      if (buffer.isDisposed) throw new DisposedError(`Weight "${name}"`);
    }
    for (const [name, buffer] of this.#states) {
      if (buffer.isDisposed) throw new DisposedError(`State "${name}"`);
    }
  }

  dispose(): void {
    for (const buffer of [...this.#owned, ...Object.values(this.outputs)]) buffer[Symbol.dispose]();
  }
}

function ownState(name: string, state: DeviceBuffer | undefined, bytes: number, memory: Memory): WasmBuffer {
  if (state === undefined) throw new BindingError(`State "${name}" is not bound.`);
  if (!(state instanceof WasmBuffer && state.isOf(memory))) {
    throw new BindingError(`State "${name}" is of another backend.`);
  }
  if (state.byteLength < bytes) {
    throw new BindingError(
      `State "${name}" needs ${bytes} bytes, but buffer "${state.label}" has ${state.byteLength}.`,
    );
  }
  return state;
}
