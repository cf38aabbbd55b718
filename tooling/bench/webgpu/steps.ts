import type { WebGpuBackend } from "@krait/backend-webgpu";
import { architectureOf, loadModel, type Model } from "@krait/models";
import type { Format } from "@krait/tensor";
import { SyntheticSequence } from "../engines/synthetic-sequence.ts";
import { type Figure, figure } from "../figure.ts";
import { costOf, type OpCost } from "../ops/op-cost.ts";
import { nameOf } from "../ops/time-ops.ts";
import { median } from "../paired.ts";
import { shapes } from "../random-model/shapes.ts";
import type { Ceilings } from "./ceilings.ts";
import { syntheticWeights } from "./synthetic-weights.ts";

export interface StepsOptions {
  readonly shape: string;
  readonly format: Format;
  readonly contexts: readonly number[];
  readonly prefillRows: number;
}

const ROUNDS = 5;

/** A model's steps: tokens a second, what is submitted and read, where the time goes, and what each op takes. */
export async function* measureSteps(
  backend: WebGpuBackend,
  ceilings: Ceilings,
  { shape, format, contexts, prefillRows }: StepsOptions,
): AsyncGenerator<Figure> {
  const config = shapes[shape]!();
  const longest = Math.max(...contexts, prefillRows) + 64;
  const started = performance.now();
  using model = await loadModel(architectureOf(config, "gguf"), syntheticWeights(config, format), backend, {
    maxContext: longest,
    maxSequences: 1,
    chunkRows: prefillRows,
  });
  const label = `webgpu.${shape}.${format}`;
  yield figure({ name: `${label}.load`, value: (performance.now() - started) / 1000, unit: "s" });
  yield figure({ name: `${label}.memory`, value: backend.counters.allocatedBytes / 1e9, unit: "GB" });
  using sequence = new SyntheticSequence(model, backend);
  for (const context of contexts) {
    sequence.fill(context);
    yield* measureDecode(backend, sequence, ceilings, model, `${label}.decode@${context}`);
  }
  sequence.fill(0);
  await warmUp(sequence, prefillRows);
  sequence.fill(0);
  const seconds = await timed(async () => {
    sequence.forward(prefillRows);
    await sequence.sample();
  });
  const prefill = `${label}.prefill${prefillRows}`;
  yield figure({ name: prefill, value: prefillRows / seconds, unit: "tokens/s" });
  sequence.fill(0);
  yield* measureOps(backend, sequence, ceilings, model, prefillRows, prefill);
  sequence.fill(contexts[0]!);
  yield* measureOps(backend, sequence, ceilings, model, 1, `${label}.decode@${contexts[0]}`);
}

async function* measureDecode(
  backend: WebGpuBackend,
  sequence: SyntheticSequence,
  ceilings: Ceilings,
  { weights }: Model,
  label: string,
): AsyncGenerator<Figure> {
  await warmUp(sequence, 1);
  const before = backend.counters;
  const encode: number[] = [];
  const seconds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    sequence.forward(1);
    const token = sequence.sample();
    encode.push((performance.now() - start) / 1000);
    await token;
    seconds.push((performance.now() - start) / 1000);
  }
  const after = backend.counters;
  const weightBytes = Object.entries(weights)
    .filter(([name]) => name !== "embeddings")
    .reduce((sum, [, { byteLength }]) => sum + byteLength, 0);
  const token = median(seconds);
  yield figure({ name: label, value: 1 / token, unit: "tokens/s" });
  yield figure({
    name: `${label}.weights`,
    value: weightBytes / token / 1e9,
    unit: "GB/s",
    peer: { value: ceilings.copy / 1e9, name: "copy" },
  });
  for (const [counter, unit] of [
    ["submits", "a token"],
    ["dispatches", "a token"],
    ["bytesRead", "bytes a token"],
  ] as const) {
    yield figure({ name: `${label}.${counter}`, value: (after[counter] - before[counter]) / ROUNDS, unit });
  }
  const { step, extents, feeds } = sequence.nextForward(1);
  // Each by itself, so that noise in one is not told as another's time. Read back means that nothing else is waited for.
  using idle = backend.allocate(4, "what is read back");
  const [gpu, readBack]: number[][] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    const kernels = await backend.profile(step, extents, feeds);
    gpu!.push(kernels.reduce((sum, kernel) => sum + kernel.seconds, 0));
    readBack!.push(await timed(async () => void (await idle.read(0, 4))));
  }
  const parts = { encode: median(encode), gpu: median(gpu!), "read-back": median(readBack!) };
  for (const [part, time] of Object.entries(parts)) {
    yield figure({ name: `${label}.${part}`, value: 1000 * time, unit: "ms", share: time / token });
  }
}

/** Every kind of op: its time on the device, its share of all, and how near it comes to a ceiling. */
async function* measureOps(
  backend: WebGpuBackend,
  sequence: SyntheticSequence,
  ceilings: Ceilings,
  { programs: { forward } }: Model,
  rows: number,
  label: string,
): AsyncGenerator<Figure> {
  const { step, extents, feeds } = sequence.nextForward(rows);
  const totals = new Map<string, { seconds: number } & OpCost>();
  for (const { op, seconds } of await backend.profile(step, extents, feeds)) {
    const name = nameOf(op);
    totals.set(name, { ...(totals.get(name) ?? none), seconds: (totals.get(name)?.seconds ?? 0) + seconds });
  }
  for (const op of forward.ops) {
    const total = totals.get(nameOf(op));
    if (total === undefined) continue;
    const cost = costOf(op, forward, extents);
    const [bytes, operations] = [total.bytes + cost.bytes, total.operations + cost.operations];
    totals.set(nameOf(op), { ...total, bytes, operations });
  }
  const all = [...totals.values()].reduce((sum, { seconds }) => sum + seconds, 0);
  for (const [name, { seconds, bytes, operations }] of [...totals].sort(
    ([, a], [, b]) => b.seconds - a.seconds,
  )) {
    if (seconds === 0) continue;
    const memory = { value: bytes / seconds, ceiling: ceilings.copy, name: "copy", unit: "GB/s" };
    const arithmetic = {
      value: operations / seconds,
      ceiling: ceilings.multiplyAdd,
      name: "multiply-adds",
      unit: "Gop/s",
    };
    const isArithmetic = arithmetic.value / arithmetic.ceiling > memory.value / memory.ceiling;
    const { value, ceiling, name: peer, unit } = isArithmetic ? arithmetic : memory;
    yield figure({
      name: `${label}.${name}`,
      value: value / 1e9,
      unit,
      milliseconds: 1000 * seconds,
      share: seconds / all,
      peer: { value: ceiling / 1e9, name: peer },
    });
  }
}

const none = { bytes: 0, operations: 0, integer: false };

async function warmUp(sequence: SyntheticSequence, rows: number): Promise<void> {
  sequence.forward(rows);
  await sequence.sample();
}

async function timed(run: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await run();
  return (performance.now() - start) / 1000;
}
