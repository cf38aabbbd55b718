import {
  buildProgram,
  byteLength,
  type Extents,
  elementCount,
  type FeedSpec,
  type Format,
  type Operand,
  type Program,
  type ProgramBuilder,
  quantize,
  SEGMENT_COLUMNS,
  type StateRef,
  stateBytes,
  type WeightRef,
  type WeightSource,
} from "@krait/tensor";
import { exposeValues, Random, randomBytes, type StepInputs, sourceOf } from "@krait/testing";
import type { CudaBackend } from "../src/index.ts";

export const SLOTS = 5;

/** Declares parts of a layer, each with random contents. */
export class LayerBuilder {
  readonly b: ProgramBuilder;
  readonly inputs: {
    readonly extents: Extents;
    readonly weights: Record<string, WeightSource>;
    readonly states: Record<string, Uint8Array>;
    readonly feeds: Record<string, ArrayBufferView>;
  };
  readonly #random = new Random(7);

  constructor(b: ProgramBuilder, extents: Extents) {
    this.b = b;
    this.inputs = { extents, weights: {}, states: {}, feeds: {} };
  }

  weight(name: string, shape: readonly number[], format: Format = "f32"): WeightRef {
    const bytes =
      format === "f32"
        ? quantize("f32", this.#random.normal(elementCount(shape), 0.3))
        : randomBytes(format, elementCount(shape), this.#random);
    this.inputs.weights[name] = sourceOf(bytes, byteLength({ shape, format }) / shape[0]!);
    return this.b.weight(name, { shape, format });
  }

  state(name: string, shape: readonly number[]): StateRef {
    const spec = { per: "slot", count: SLOTS, shape, dtype: "f32" } as const;
    this.inputs.states[name] = quantize("f32", this.#random.normal(stateBytes(spec) / 4));
    return this.b.state(name, spec);
  }

  feed(name: string, shape: FeedSpec["shape"], values: Int32Array) {
    this.inputs.feeds[name] = values;
    return this.b.feed(name, { shape, dtype: "i32" });
  }

  /** Segments as rows of their feed. */
  segments(rows: readonly (readonly number[])[]) {
    return this.feed("segment", ["segments", SEGMENT_COLUMNS], Int32Array.from(rows.flat()));
  }

  /** Random rows. */
  rows(columns: number): Operand {
    const { rows } = this.inputs.extents;
    const token = this.b.resolveToken({
      token: this.feed(
        "token",
        ["rows"],
        Int32Array.from({ length: rows }, (_, row) => row),
      ),
      slot: this.feed("slot", ["rows"], new Int32Array(rows)),
      lastToken: this.b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" }),
    });
    return this.b.embed(token, this.weight("table", [rows, columns]));
  }
}

export function layerProgram(
  extents: Extents,
  build: (layer: LayerBuilder) => void,
): { readonly program: Program; readonly inputs: StepInputs } {
  let layer!: LayerBuilder;
  const program = buildProgram("layer", (b) => {
    layer = new LayerBuilder(b, extents);
    build(layer);
  });
  return { program, inputs: layer.inputs };
}

/** What a step leaves: its outputs, its states, and how many kernels it launched. */
export interface LayerRun {
  readonly outputs: readonly Float32Array[];
  readonly states: readonly Uint8Array[];
  readonly launches: number;
}

/** Runs a step, with ops fused where they can be, or with every value kept, which forbids it. */
export async function runLayer(
  backend: CudaBackend,
  { program, inputs }: { readonly program: Program; readonly inputs: StepInputs },
  isFused: boolean,
): Promise<LayerRun> {
  const { extents } = inputs;
  const largest = { ...extents, rows: extents.rows + 3, longestSegment: extents.longestSegment + 3 };
  using executable = await backend.compile(isFused ? program : exposeValues(program), { largest });
  using held = new DisposableStack();
  const states = Object.fromEntries(
    Object.entries(program.states).map(([name, spec]) => {
      const state = held.use(backend.allocate(stateBytes(spec), name));
      const bytes = inputs.states[name];
      if (bytes !== undefined) state.write(0, bytes);
      return [name, state];
    }),
  );
  const weights = Object.fromEntries(
    await Promise.all(
      Object.entries(program.weights).map(
        async ([name, spec]) =>
          [name, held.use(await backend.loadWeight(spec, inputs.weights[name]!))] as const,
      ),
    ),
  );
  using step = executable.bind({ weights, states });
  const before = backend.counters.launches;
  step.run(extents, inputs.feeds);
  const launches = backend.counters.launches - before;
  const outputs = Object.entries(program.outputs).map(async ([name, { columns }]) => {
    const bytes = await step.outputs[name]!.read(0, 4 * extents.rows * columns);
    return new Float32Array(bytes.slice().buffer);
  });
  return {
    outputs: await Promise.all(outputs),
    states: await Promise.all(Object.values(states).map((state) => state.read())),
    launches,
  };
}
