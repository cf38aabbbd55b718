import {
  buildProgram,
  byteLength,
  type DeviceBuffer,
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
  type Step,
  stateBytes,
  type WeightBuffer,
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

export function layerProgram(extents: Extents, build: (layer: LayerBuilder) => void): Layer {
  let layer!: LayerBuilder;
  const program = buildProgram("layer", (b) => {
    layer = new LayerBuilder(b, extents);
    build(layer);
  });
  return { program, inputs: layer.inputs };
}

/** A Program with what a step of it is given. */
export interface Layer {
  readonly program: Program;
  readonly inputs: StepInputs;
}

/** Compiles a Program, and binds it to weights and states that are held for as long as the step is. */
export async function bindLayer(
  backend: CudaBackend,
  { program, inputs }: Layer,
  held: DisposableStack,
): Promise<{ readonly step: Step; readonly states: readonly DeviceBuffer[] }> {
  const { extents } = inputs;
  const largest = { ...extents, rows: extents.rows + 3, longestSegment: extents.longestSegment + 3 };
  const executable = held.use(await backend.compile(program, { largest }));
  const states: Record<string, DeviceBuffer> = {};
  for (const [name, spec] of Object.entries(program.states)) {
    states[name] = held.use(backend.allocate(stateBytes(spec), name));
    if (inputs.states[name] !== undefined) states[name].write(0, inputs.states[name]);
  }
  const weights: Record<string, WeightBuffer> = {};
  for (const [name, spec] of Object.entries(program.weights)) {
    weights[name] = held.use(await backend.loadWeight(spec, inputs.weights[name]!));
  }
  return { step: held.use(executable.bind({ weights, states })), states: Object.values(states) };
}

/** The rows of a Program's outputs. */
export async function readOutputs(step: Step, { program, inputs }: Layer): Promise<Float32Array[]> {
  const outputs = Object.entries(program.outputs).map(async ([name, { columns }]) => {
    const bytes = await step.outputs[name]!.read(0, 4 * inputs.extents.rows * columns);
    return new Float32Array(bytes.slice().buffer);
  });
  return await Promise.all(outputs);
}

/** What a step leaves: its outputs, its states, and how many kernels it launched. */
export interface LayerRun {
  readonly outputs: readonly Float32Array[];
  readonly states: readonly Uint8Array[];
  readonly launches: number;
}

/** Runs a step, with ops fused where they can be, or with every value kept, which forbids it. */
export async function runLayer(backend: CudaBackend, layer: Layer, isFused: boolean): Promise<LayerRun> {
  using held = new DisposableStack();
  const program = isFused ? layer.program : exposeValues(layer.program);
  const { step, states } = await bindLayer(backend, { ...layer, program }, held);
  const before = backend.counters.launches;
  step.run(layer.inputs.extents, layer.inputs.feeds);
  const launches = backend.counters.launches - before;
  return {
    outputs: await readOutputs(step, layer),
    states: await Promise.all(states.map((state) => state.read())),
    launches,
  };
}
