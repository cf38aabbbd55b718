import {
  type Backend,
  type Extents,
  elementCount,
  type Program,
  quantize,
  stateBytes,
  type TensorSpec,
  type WeightSource,
} from "@krait/tensor";
import type { ProductKind } from "../products/product-variant.ts";

/** A small step that tells by its outputs whether kernels work. */
export interface Probe {
  /** What the kernels are for, as an error names it. */
  readonly name: string;
  /** The kind of product that it is for, if it is for one. */
  readonly product?: ProductKind;
  readonly program: Program;
  readonly extents: Extents;
  readonly feeds: Readonly<Record<string, Int32Array | Float32Array>>;
  /** States that are not zeros before the step. */
  readonly states?: Readonly<Record<string, Int32Array | Float32Array>>;
}

/** Each output of a step in one number: a sum in which every element has a weight of its own. */
export type Fingerprints = Readonly<Record<string, number>>;

/** Runs a step whose weights are the same numbers everywhere. */
export async function fingerprintsOf(backend: Backend, probe: Probe): Promise<Fingerprints> {
  const { program, extents, feeds } = probe;
  const held: Disposable[] = [];
  const hold = <T extends Disposable>(disposable: T): T => {
    held.push(disposable);
    return disposable;
  };
  try {
    return await run();
  } finally {
    for (const disposable of held.reverse()) disposable[Symbol.dispose]();
  }
  async function run(): Promise<Fingerprints> {
    const weights = await mapValues(program.weights, async (spec, name) =>
      hold(await backend.loadWeight(spec, source(quantize(spec.format, weightNumbers(name, spec))))),
    );
    const states = await mapValues(program.states, async (spec, name) => {
      const state = hold(backend.allocate(stateBytes(spec), name));
      const held = probe.states?.[name];
      if (held !== undefined) state.write(0, new Uint8Array(held.buffer));
      return state;
    });
    const executable = hold(await backend.compile(program, { largest: extents }));
    const step = hold(executable.bind({ weights, states }));
    step.run(extents, feeds);
    return await mapValues(program.outputs, async ({ value }, name) => {
      const { rows, columns, dtype } = program.values[value]!;
      const bytes = (await step.outputs[name]!.read(0, 4 * extents[rows] * columns)).slice();
      const found = Array.from(
        dtype === "f32" ? new Float32Array(bytes.buffer) : new Int32Array(bytes.buffer),
      );
      return found.reduce((sum, number, i) => sum + number * (1 + (i % 7)), 0);
    });
  }
}

/** Between −1 and 1, by integer arithmetic alone, so that no engine's rounding matters. */
export function numbers(name: string, count: number): Float32Array {
  let seed = 0;
  for (const character of name) seed = (31 * seed + character.charCodeAt(0)) >>> 0;
  return Float32Array.from(
    { length: count },
    (_, i) => ((Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(seed, 0x85ebca6b)) >>> 9) / 2 ** 22 - 1,
  );
}

function weightNumbers(name: string, { shape }: TensorSpec): Float32Array {
  const drawn = numbers(name, elementCount(shape));
  if (name === "levels") return drawn.map((number, i) => (i % 32 === 0 ? 1 : Math.round(127 * number) / 127));
  return name === "a" ? drawn.map((number) => -1 - Math.abs(number)) : drawn; // decays are negative
}

function source(bytes: Uint8Array): WeightSource {
  return {
    byteLength: bytes.byteLength,
    async *pieces() {
      yield bytes;
    },
  };
}

async function mapValues<T, U>(
  record: Readonly<Record<string, T>>,
  map: (value: T, name: string) => Promise<U>,
): Promise<Record<string, U>> {
  const mapped: Record<string, U> = {};
  for (const [name, value] of Object.entries(record)) mapped[name] = await map(value, name);
  return mapped;
}
