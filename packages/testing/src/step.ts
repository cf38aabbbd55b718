import {
  type Backend,
  type DeviceBuffer,
  type DType,
  dequantize,
  type Extents,
  type Program,
  stateBytes,
  type WeightBuffer,
  type WeightSource,
} from "@krait/tensor";

/** Everything that one step of a Program starts from. */
export interface StepInputs {
  readonly extents: Extents;
  readonly weights: Readonly<Record<string, WeightSource>>;
  /** The bytes of each state before the step; zeros where none are given. */
  readonly states: Readonly<Record<string, Uint8Array>>;
  readonly feeds: Readonly<Record<string, ArrayBufferView>>;
}

export type Numbers = Float32Array | Int32Array;

/** Everything that one step leaves. */
export interface StepResult {
  /** Row-major, the rows of the step's extents. */
  readonly values: Readonly<Record<string, Numbers>>;
  readonly states: Readonly<Record<string, Numbers>>;
}

/** The same Program with every value as one more output, under its own name, so that nothing stays unseen. */
export function exposeValues(program: Program): Program {
  const outputs = program.values.map(({ name, columns }, value) => [name, { value, offset: 0, columns }]);
  return {
    ...program,
    outputs: { ...program.outputs, ...Object.fromEntries(outputs) },
    toString: () => program.toString(),
  };
}

/**
 * Runs one step of a Program on a backend, and reads every value and state that it leaves.
 *
 * It is compiled for a slightly larger step than it runs: rows, segments and outputs past the step's
 * own then exist, and must not matter.
 */
export async function runStep(backend: Backend, program: Program, inputs: StepInputs): Promise<StepResult> {
  const { extents, feeds } = inputs;
  const largest = {
    rows: extents.rows + 3,
    segments: extents.segments + 1,
    longestSegment: extents.longestSegment + 3,
    context: extents.context + 3,
    outputRows: extents.outputRows + 1,
  };
  const held: Disposable[] = [];
  const hold = <T extends Disposable>(disposable: T): T => {
    held.push(disposable);
    return disposable;
  };
  try {
    const executable = hold(await backend.compile(exposeValues(program), { largest }));
    const weights: Record<string, WeightBuffer> = {};
    for (const [name, spec] of Object.entries(program.weights)) {
      weights[name] = hold(await backend.loadWeight(spec, inputs.weights[name]!));
    }
    const states: Record<string, DeviceBuffer> = {};
    for (const [name, spec] of Object.entries(program.states)) {
      const state = hold(backend.allocate(stateBytes(spec), name));
      if (inputs.states[name] !== undefined) state.write(0, inputs.states[name]);
      states[name] = state;
    }
    const step = hold(executable.bind({ weights, states }));
    step.run(extents, feeds);

    const result: { values: Record<string, Numbers>; states: Record<string, Numbers> } = {
      values: {},
      states: {},
    };
    for (const { name, rows, columns, dtype } of program.values) {
      const bytes = await step.outputs[name]!.read(0, 4 * extents[rows] * columns);
      result.values[name] = numbers(dtype, bytes);
    }
    for (const [name, { dtype }] of Object.entries(program.states)) {
      result.states[name] = numbers(dtype, await states[name]!.read());
    }
    return result;
  } finally {
    for (const disposable of held.reverse()) disposable[Symbol.dispose]();
  }
}

function numbers(dtype: DType, bytes: Uint8Array): Numbers {
  if (dtype !== "i32" && dtype !== "u32") return dequantize(dtype, bytes);
  return new Int32Array(bytes.slice().buffer);
}
