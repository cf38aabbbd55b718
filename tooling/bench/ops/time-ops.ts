import type { Model } from "@krait/models";
import {
  type Backend,
  type Extents,
  elementCount,
  type Op,
  type Program,
  quantize,
  type Step,
  type WeightBuffer,
} from "@krait/tensor";
import { Random } from "@krait/testing";
import { forwardFeeds, type SyntheticSequence } from "../engines/synthetic-sequence.ts";
import { median } from "../paired.ts";
import { extractOps, SOURCE } from "./extract-ops.ts";
import { costOf, type OpCost } from "./op-cost.ts";

/** What all ops of one kind take of a step. */
export interface OpTime extends OpCost {
  /** The op's name, or for a `linear` that of its weight. */
  readonly name: string;
  readonly count: number;
  readonly seconds: number;
}

export interface StepTimes {
  /** Of the whole Program. */
  readonly stepSeconds: number;
  readonly ops: readonly OpTime[];
}

const ROUNDS = 5;
const ROUND_SECONDS = 0.05;
/** A first run that takes longer is its own measurement. */
const LONG_SECONDS = 0.5;

/**
 * Times the ops of a model's `forward`, kind by kind, each kind as a Program of its own with the weights
 * and states of all its ops: so each weight is read from memory, as in the whole step.
 */
export async function timeOps(
  model: Model,
  backend: Backend,
  sequence: SyntheticSequence,
  { rows, context }: { readonly rows: number; readonly context: number },
): Promise<StepTimes> {
  const { forward } = model.programs;
  const extents: Extents = { rows, segments: 1, longestSegment: rows, context, outputRows: 1 };
  const feeds = { ...forwardFeeds(rows, context - rows), token: new Int32Array(rows) };
  const sources: Record<string, WeightBuffer> = {};

  const bind = async (program: Program): Promise<Step> => {
    for (const [name, { shape }] of Object.entries(program.weights)) {
      if (name.startsWith(SOURCE)) sources[name] ??= await loadSource(backend, elementCount(shape));
    }
    using executable = await backend.compile(program, { largest: model.largest });
    const weights = pick({ ...model.weights, ...sources }, program.weights);
    return executable.bind({ weights, states: pick(sequence.states, program.states) });
  };
  const secondsOf = async (program: Program): Promise<number> => {
    using step = await bind(program);
    const given = pick(feeds, program.feeds);
    // Whatever is read, it comes after all that was enqueued before.
    return await timed(
      () => step.run(extents, given),
      () => sequence.states.lastToken!.read(0, 4),
    );
  };

  const stepSeconds = await secondsOf(forward);
  const ops: OpTime[] = [];
  for (const [name, group] of groups(forward)) {
    const all = await secondsOf(extractOps(forward, group));
    const base = await secondsOf(extractOps(forward, [], group));
    const costs = group.map((op) => costOf(op, forward, extents));
    ops.push({
      name,
      count: group.length,
      seconds: Math.max(0, all - base),
      bytes: sum(costs.map(({ bytes }) => bytes)),
      operations: sum(costs.map(({ operations }) => operations)),
      integer: costs.some(({ integer }) => integer),
    });
  }
  for (const source of Object.values(sources)) source[Symbol.dispose]();
  return { stepSeconds, ops };
}

/** The ops that differ in nothing but their layer, and those of the tokens, which make no sense apart. */
function groups(program: Program): Map<string, Op[]> {
  const found = new Map<string, Op[]>();
  for (const op of program.ops) {
    const name = nameOf(op);
    found.set(name, [...(found.get(name) ?? []), op]);
  }
  return found;
}

/** The op's name, or for a `linear` that of its weight. */
export function nameOf(op: Op): string {
  if (op.op === "linear") return op.weight.weight.split(".").at(-1)!;
  return ["resolveToken", "countTokens", "embed"].includes(op.op) ? "embed" : op.op;
}

/** Seconds of one run: the median of rounds that are long enough for the clock, and few where one takes long. */
async function timed(run: () => void, settled: () => Promise<unknown>): Promise<number> {
  const round = async (runs: number): Promise<number> => {
    const started = performance.now();
    for (let i = 0; i < runs; i++) run();
    await settled();
    return (performance.now() - started) / 1000 / runs;
  };
  const first = await round(1);
  if (first > LONG_SECONDS) return first;
  const runs = Math.ceil(ROUND_SECONDS / (await round(1)));
  const seconds: number[] = [];
  for (let i = 0; i < ROUNDS; i++) seconds.push(await round(runs));
  return median(seconds);
}

function loadSource(backend: Backend, columns: number): Promise<WeightBuffer> {
  const bytes = quantize("f32", new Random(columns).normal(columns));
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  const spec = { shape: [1, columns], format: "f32" } as const;
  return backend.loadWeight(spec, { byteLength: bytes.byteLength, pieces });
}

/** The entries of `all` that `wanted` names. */
function pick<T>(all: Readonly<Record<string, T>>, wanted: object): Record<string, T> {
  return Object.fromEntries(Object.keys(wanted).map((name) => [name, all[name]!]));
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
