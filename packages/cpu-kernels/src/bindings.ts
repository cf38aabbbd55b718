import {
  bindState,
  bindWeight,
  type DeviceBuffer,
  DisposedError,
  dequantize,
  type Extent,
  type Extents,
  elementCount,
  type FeedRef,
  type Format,
  type Operand,
  type Program,
  resolveShape,
  type ScratchPlan,
  type StateRef,
  type WeightBuffer,
  type WeightRef,
} from "@krait/tensor";
import type { KernelHost, KernelWeight, Region } from "./kernel-host.ts";
import { workspaceBytes } from "./workspace.ts";

/** How the kernels number the stored formats; `Format` in `kernels/kernel.h`. */
export const storedFormats: readonly Format[] = [
  "f32",
  "f16",
  "bf16",
  "q8_0",
  "q4_0",
  "q4_1",
  "q5_0",
  "q5_1",
  "q2_k",
  "q3_k",
  "q4_k",
  "q5_k",
  "q6_k",
  "iq4_nl",
  "mxfp4",
];

export const extentNames: readonly (keyof Extents)[] = [
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
export class Bindings<Weight extends KernelWeight = KernelWeight> {
  readonly program: Program;
  readonly host: KernelHost<Weight>;
  readonly outputs: Readonly<Record<string, Region>>;
  readonly feeds: ReadonlyMap<string, Region>;
  readonly #plan: ScratchPlan;
  readonly #owned: Region[] = [];
  readonly #scratch: readonly Region[];
  readonly #extents: Region;
  readonly #workspace: Region;
  readonly #weights = new Map<string, Weight>();
  readonly #states = new Map<string, Region>();

  constructor(
    program: Program,
    largest: Extents,
    plan: ScratchPlan,
    host: KernelHost<Weight>,
    given: {
      readonly weights: Readonly<Record<string, WeightBuffer>>;
      readonly states: Readonly<Record<string, DeviceBuffer>>;
    },
  ) {
    this.program = program;
    this.host = host;
    this.#plan = plan;
    for (const [name, spec] of Object.entries(program.weights)) {
      this.#weights.set(
        name,
        bindWeight(name, spec, given.weights[name], (weight) => host.ownWeight(weight)),
      );
    }
    for (const [name, spec] of Object.entries(program.states)) {
      this.#states.set(
        name,
        bindState(name, spec, given.states[name], (state) => host.ownRegion(state)),
      );
    }
    try {
      this.#scratch = plan.buffers.map((bytes, i) => this.allocate(bytes, `scratch ${i}`));
      this.#workspace = this.allocate(host.parts * workspaceBytes(program, largest, host), "workspace");
      this.#extents = this.allocate(4 * extentNames.length, "extents");
      this.feeds = new Map(
        Object.entries(program.feeds).map(([name, { shape }]) => {
          const bytes = 4 * elementCount(resolveShape(shape, largest));
          return [name, this.allocate(bytes, `feed "${name}"`)];
        }),
      );
    } catch (error) {
      for (const region of this.#owned) region[Symbol.dispose]();
      throw error;
    }
    this.outputs = Object.fromEntries(
      Object.entries(program.outputs).map(([name, { value }]) => {
        const { rows, columns } = program.values[value]!;
        const region = this.#scratch[plan.bufferOf[value]!]!;
        return [name, region.prefix(4 * largest[rows] * columns, `${program.name}: output "${name}"`)];
      }),
    );
  }

  /** Memory that is given back with the bindings. */
  allocate(bytes: number, what: string): Region {
    const region = this.host.allocate(bytes, `${this.program.name}: ${what}`);
    this.#owned.push(region);
    return region;
  }

  writeExtents(extents: Extents): void {
    const words = new Uint32Array(extentNames.length);
    for (const [index, name] of extentNames.entries()) words[index] = extents[name];
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
    const { address } = this.#scratch[this.#plan.bufferOf[value]!]!;
    return [address + 4 * offset, this.program.values[value]!.columns, columns];
  }

  weight({ weight }: WeightRef): Weight {
    return this.#weights.get(weight)!;
  }

  /** `Stored`, a weight as it is stored. */
  stored(ref: WeightRef): number[] {
    const { spec, address } = this.weight(ref);
    return [address, storedFormats.indexOf(spec.format)];
  }

  /** `const float *`, a small weight that is widened once if it is not f32. */
  floats(ref: WeightRef): number {
    const weight = this.weight(ref);
    if (weight.spec.format === "f32") return weight.address;
    const values = dequantize(weight.spec.format, weight.bytes());
    const widened = this.allocate(values.byteLength, `weight "${ref.weight}" as f32`);
    widened.write(0, new Uint8Array(values.buffer));
    return widened.address;
  }

  /** `const float *`, a small weight of `[rows, columns]` as f32, column after column. */
  columns(ref: WeightRef): number {
    const weight = this.weight(ref);
    const [rows, columns] = weight.spec.shape as [number, number];
    const values = dequantize(weight.spec.format, weight.bytes());
    const turned = values.map((_, index) => values[(index % rows) * columns + Math.floor(index / rows)]!);
    const region = this.allocate(turned.byteLength, `weight "${ref.weight}", turned`);
    region.write(0, new Uint8Array(turned.buffer));
    return region.address;
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

  /** `Workspace` */
  get workspace(): number[] {
    return [this.#workspace.address, this.#workspace.byteLength / this.host.parts];
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
    for (const [name, weight] of this.#weights) {
      if (weight.isDisposed) throw new DisposedError(`Weight "${name}"`);
    }
    for (const [name, state] of this.#states) {
      if (state.isDisposed) throw new DisposedError(`State "${name}"`);
    }
  }

  dispose(): void {
    for (const region of [...this.#owned, ...Object.values(this.outputs)]) region[Symbol.dispose]();
  }
}
