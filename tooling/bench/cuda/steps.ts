import { architectureOf, loadModel, type Model, type ModelConfig } from "@krait/models";
import type { Backend, Format } from "@krait/tensor";
import { SyntheticSequence } from "../engines/synthetic-sequence.ts";
import { type Figure, figure } from "../figure.ts";
import { timeOps } from "../ops/time-ops.ts";
import { median } from "../paired.ts";
import { syntheticWeights } from "../webgpu/synthetic-weights.ts";
import { SyntheticBatch } from "./synthetic-batch.ts";
import type { Peer } from "./transformers-peer.ts";

export interface StepSizes {
  readonly shape: string;
  readonly config: ModelConfig;
  readonly batches: readonly number[];
  readonly contexts: readonly number[];
  /** Of a prompt, and of the chunks in which it is read. */
  readonly promptRows: number;
  readonly chunkRows: number;
  /** How often a step is timed, and how many are enqueued together. */
  readonly rounds: number;
  readonly steps: number;
  /** Whether each kind of op is timed alone, too. */
  readonly timesOps: boolean;
}

export interface StepPeers {
  /** Bytes a second of a copy. */
  readonly copy: number;
  readonly peer: Peer | undefined;
  note(text: string): void;
}

/** The share of the copy's bandwidth that weights are to be read at, by one sequence. */
const BANDWIDTH_GOAL = 0.85;

/** How much longer a token may take at the longest context than at the shortest. */
const contextGoal = (format: Format): number =>
  format === "bf16" ? 1.25 : format === "fp8_e4m3" || format === "q8_0" ? 1.3 : 1.5;

/** A model's steps in one format: tokens a second of every batch at every context, prefill, and each kind of op. */
export async function* measureSteps(
  backend: Backend,
  format: Format,
  sizes: StepSizes,
  peers: StepPeers,
): AsyncGenerator<Figure> {
  const label = `cuda.${sizes.shape}.${format}`;
  const started = performance.now();
  using model = await loadLargest(backend, format, sizes, peers);
  yield figure({ name: `${label}.load`, value: (performance.now() - started) / 1000, unit: "s" });
  yield figure({ name: `${label}.memory`, value: model.memory.totalBytes / 1e9, unit: "GB" });
  {
    using batch = new SyntheticBatch(model, backend);
    yield* measureDecode(batch, format, label, model, sizes, peers);
    yield* measurePrefill(batch, format, label, sizes, peers);
  }
  if (sizes.timesOps) yield* measureOps(backend, model, label, sizes, peers);
}

/** With as many sequences as the memory has room for. */
async function loadLargest(
  backend: Backend,
  format: Format,
  { config, batches, contexts, chunkRows }: StepSizes,
  { note }: StepPeers,
): Promise<Model> {
  const longest = Math.max(...contexts);
  for (const batch of [...batches].sort((a, b) => b - a)) {
    try {
      return await loadModel(architectureOf(config, "gguf"), syntheticWeights(config, format), backend, {
        maxContext: longest,
        maxSequences: batch,
        maxKvTokens: longest,
        chunkRows: Math.max(chunkRows, batch),
        maxOutputRows: batch,
      });
    } catch (error) {
      if ((error as { code?: string }).code !== "MEMORY_INSUFFICIENT" || batch === Math.min(...batches))
        throw error;
      note(`${format}: no room for ${batch} sequences beside the weights: ${(error as Error).message}`);
    }
  }
  throw new Error("there is no batch to measure");
}

async function* measureDecode(
  batch: SyntheticBatch,
  format: Format,
  label: string,
  model: Model,
  { batches, contexts, rounds, steps }: StepSizes,
  { copy, peer }: StepPeers,
): AsyncGenerator<Figure> {
  const weightBytes = Object.entries(model.weights)
    .filter(([name]) => name !== "embeddings")
    .reduce((sum, [, { byteLength }]) => sum + byteLength, 0);
  for (const sequences of batches.filter((count) => count <= model.sizes.maxSlots)) {
    let shortest: number | undefined;
    for (const context of contexts) {
      const seconds = await secondsOf(batch, rounds, steps, () => batch.decode(sequences, context));
      const name = `${label}.decode${sequences}@${context}`;
      const theirs =
        format === "bf16" && sequences === 1 && context === contexts[0] ? peer?.decode : undefined;
      yield figure({
        name,
        value: sequences / seconds,
        unit: "tokens/s",
        ...(theirs && { peer: { value: theirs, name: peer!.name, goal: 1 } }),
      });
      if (sequences === 1 && context === contexts[0]) {
        yield figure({
          name: `${name}.weights`,
          value: weightBytes / seconds / 1e9,
          unit: "GB/s",
          peer: { value: copy / 1e9, name: "copy", goal: BANDWIDTH_GOAL },
        });
      }
      if (shortest !== undefined && context === contexts.at(-1)) {
        yield figure({
          name: `${name}.over-shortest-context`,
          value: seconds / shortest,
          unit: "×",
          lessIsBetter: true,
          peer: { value: contextGoal(format), name: "the goal", goal: 1 },
        });
      }
      shortest ??= seconds;
    }
  }
}

async function* measurePrefill(
  batch: SyntheticBatch,
  format: Format,
  label: string,
  { promptRows, chunkRows, rounds }: StepSizes,
  { peer }: StepPeers,
): AsyncGenerator<Figure> {
  const seconds = await secondsOf(batch, rounds, 1, () => {
    for (let position = 0; position < promptRows; position += chunkRows) {
      batch.prefill(Math.min(chunkRows, promptRows - position), position);
    }
  });
  const theirs = format === "bf16" ? peer?.prefill : undefined;
  yield figure({
    name: `${label}.prefill${promptRows}`,
    value: promptRows / seconds,
    unit: "tokens/s",
    ...(theirs && { peer: { value: theirs, name: peer!.name, goal: 1 } }),
  });
}

/** Each kind of op as a Program of its own, so that its kernels are timed alone and its weights come from memory. */
async function* measureOps(
  backend: Backend,
  model: Model,
  label: string,
  { contexts, chunkRows }: StepSizes,
  { copy, peer }: StepPeers,
): AsyncGenerator<Figure> {
  for (const [step, rows] of [
    ["decode", 1],
    ["prefill", chunkRows],
  ] as const) {
    const context = Math.max(contexts[0]!, rows);
    using sequence = new SyntheticSequence(model, backend);
    sequence.fill(context);
    const { stepSeconds, ops } = await timeOps(model, backend, sequence, { rows, context });
    yield figure({ name: `${label}.${step}.step`, value: 1000 * stepSeconds, unit: "ms" });
    for (const op of ops.toSorted((a, b) => b.seconds - a.seconds)) {
      // An op that takes no longer than looking up its inputs cannot be told from it.
      if (op.seconds === 0) continue;
      const bandwidth = op.bytes / op.seconds;
      const rate = op.operations / op.seconds;
      const isArithmetic = peer !== undefined && rate / peer.matmul > bandwidth / copy;
      yield figure({
        name: `${label}.${step}.${op.name}`,
        value: (isArithmetic ? rate : bandwidth) / 1e9,
        unit: isArithmetic ? "Gop/s" : "GB/s",
        milliseconds: 1000 * op.seconds,
        share: op.seconds / stepSeconds,
        peer: isArithmetic
          ? { value: peer.matmul / 1e9, name: "PyTorch's matmul" }
          : { value: copy / 1e9, name: "copy" },
      });
    }
  }
}

/** Seconds of one run, of several that were enqueued together; the first round is for captures. */
async function secondsOf(
  batch: SyntheticBatch,
  rounds: number,
  runs: number,
  run: () => void,
): Promise<number> {
  const seconds: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    await batch.settled();
    const started = performance.now();
    for (let i = 0; i < runs; i++) run();
    await batch.settled();
    seconds.push((performance.now() - started) / 1000 / runs);
  }
  return median(seconds.slice(1));
}
