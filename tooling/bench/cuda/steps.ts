import { architectureOf, loadModel, type Model, type ModelConfig } from "@krait/models";
import type { Backend, Format } from "@krait/tensor";
import { type Figure, figure } from "../figure.ts";
import { median } from "../paired.ts";
import { syntheticWeights } from "../webgpu/synthetic-weights.ts";
import { measureBreakdown } from "./breakdown.ts";
import type { Ceilings } from "./ceilings.ts";
import { SyntheticBatch } from "./synthetic-batch.ts";

export interface StepSizes {
  readonly shape: string;
  readonly config: ModelConfig;
  readonly batches: readonly number[];
  /** The shortest first. */
  readonly contexts: readonly number[];
  /** Of a prompt, and of the chunks in which it is read. */
  readonly promptRows: number;
  readonly chunkRows: number;
  /** How often steps are timed, and for how long at least each time. */
  readonly rounds: number;
  readonly roundSeconds: number;
}

/** The share of the read bandwidth that weights are to be read at, by one sequence. */
const BANDWIDTH_GOAL = 0.85;

/** A round that takes longer is not repeated. */
const LONG_SECONDS = 1;

/** How much longer a token may take at the longest context than at the shortest. */
const contextGoal = (format: Format): number =>
  format === "bf16" ? 1.25 : format === "fp8_e4m3" || format === "q8_0" ? 1.3 : 1.5;

/**
 * A model's steps in one format: tokens a second of every batch at every context, prefill, and what a token and a
 * chunk are made of.
 */
export async function* measureSteps(
  backend: Backend,
  format: Format,
  sizes: StepSizes,
  ceilings: Ceilings,
  note: (text: string) => void,
): AsyncGenerator<Figure> {
  const label = `cuda.${sizes.shape}.${format}`;
  const { contexts, chunkRows, rounds } = sizes;
  const started = performance.now();
  using model = await loadLargest(backend, format, sizes, note);
  yield figure({ name: `${label}.load`, value: (performance.now() - started) / 1000, unit: "s" });
  yield figure({ name: `${label}.memory`, value: model.memory.totalBytes / 1e9, unit: "GB" });
  using batch = new SyntheticBatch(model, backend);
  yield* measureDecode(batch, format, label, model, sizes, ceilings);
  for (const context of new Set([contexts[0]!, contexts.at(-1)!])) {
    yield* measureBreakdown(`${label}.token@${context}`, ceilings, rounds, () =>
      batch.timeDecode(1, context),
    );
  }
  yield* measurePrefill(batch, label, sizes);
  yield* measureBreakdown(`${label}.chunk@${chunkRows}`, ceilings, rounds, () =>
    batch.timePrefill(chunkRows, 0),
  );
}

/** With as many sequences as the memory has room for. */
async function loadLargest(
  backend: Backend,
  format: Format,
  { config, batches, contexts, chunkRows }: StepSizes,
  note: (text: string) => void,
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
  sizes: StepSizes,
  { read }: Ceilings,
): AsyncGenerator<Figure> {
  const { batches, contexts } = sizes;
  const weightBytes = Object.entries(model.weights)
    .filter(([name]) => name !== "embeddings")
    .reduce((sum, [, { byteLength }]) => sum + byteLength, 0);
  for (const sequences of batches.filter((count) => count <= model.sizes.maxSlots)) {
    let shortest: number | undefined;
    for (const context of contexts) {
      const seconds = await secondsOf(batch, sizes, () => batch.decode(sequences, context));
      const name = `${label}.decode${sequences}@${context}`;
      yield figure({ name, value: sequences / seconds, unit: "tokens/s", milliseconds: 1000 * seconds });
      if (sequences === 1 && context === contexts[0]) {
        yield figure({
          name: `${name}.weights`,
          value: weightBytes / seconds / 1e9,
          unit: "GB/s",
          peer: { value: read / 1e9, name: "read", goal: BANDWIDTH_GOAL },
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
  label: string,
  sizes: StepSizes,
): AsyncGenerator<Figure> {
  const { promptRows, chunkRows } = sizes;
  const seconds = await secondsOf(batch, sizes, () => {
    for (let position = 0; position < promptRows; position += chunkRows) {
      batch.prefill(Math.min(chunkRows, promptRows - position), position);
    }
  });
  const name = `${label}.prefill${promptRows}`;
  yield figure({ name, value: promptRows / seconds, unit: "tokens/s", milliseconds: 1000 * seconds });
}

/** Seconds of one run, of several that are enqueued together, after the one that captures its graph. */
async function secondsOf(
  batch: SyntheticBatch,
  { rounds, roundSeconds }: StepSizes,
  run: () => void,
): Promise<number> {
  const round = async (runs: number): Promise<number> => {
    await batch.settled();
    const started = performance.now();
    for (let i = 0; i < runs; i++) run();
    await batch.settled();
    return (performance.now() - started) / 1000 / runs;
  };
  await round(1);
  await round(1);
  const first = await round(1);
  if (first > LONG_SECONDS) return first;
  const runs = Math.max(1, Math.ceil(roundSeconds / first));
  const seconds: number[] = [];
  for (let i = 0; i < rounds; i++) seconds.push(await round(runs));
  return median(seconds);
}
