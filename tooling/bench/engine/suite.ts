import type { Format } from "@krait/tensor";
import { type ChatModel, loadModel } from "krait";
import { createBackend } from "../engines/backends.ts";
import { type Figure, figure } from "../figure.ts";
import { describeMachine } from "../machine.ts";
import { inTurn, type Measurement, median, medianRatio } from "../paired.ts";
import { modelFile } from "../random-model/model-files.ts";
import type { SuiteOptions } from "../suite.ts";

const HISTORY_TOKENS = 8192;
const TURN_TOKENS = 64;
const BATCH = 16;
/** Of the embedded model more, since a step of it takes no longer than a disturbance. */
const DECODED_TOKENS = { tiny: 128, "0.6b": 32, "9b-half": 8, "9b": 8 } as const;

/** With less memory, the 9B's weights and the states of sixteen sequences leave too little for anything else. */
const LARGE_GIGABYTES = 20;

/** What sharing brings: of beginnings between prompts, and of steps between requests. */
export async function* engineSuite({ backend, quick, note }: SuiteOptions): AsyncGenerator<Figure> {
  const repeats = quick ? 1 : 5;
  for (const name of backend === undefined ? ["native", "wasm"] : [backend]) {
    yield* batch("tiny", undefined, undefined, name, repeats);
  }
  if (!quick) {
    // What sixteen gain is bounded by how much longer a weight takes to read than to multiply by: most in f32, less
    // as published, and least quantized. Half of the 9B where all of it would not fit. A model of narrow layers has
    // more states beside its weights than a large one, and no step shares those.
    for (const [shape, format] of [
      ["0.6b", "f32"],
      ["0.6b", "bf16"],
      ["0.6b", "q8_0"],
      ["9b-half", "bf16"],
      ["9b", "q4_0"],
    ] as const) {
      if (shape !== "0.6b" && describeMachine().memoryGigabytes < LARGE_GIGABYTES) {
        note(`No batch of ${shape}: it needs ${LARGE_GIGABYTES} GB of memory.`);
        continue;
      }
      const { path } = await modelFile(shape, format, note);
      yield* batch(shape, format, path, backend ?? "native", 3);
    }
  }
  yield* secondTurn(backend ?? "native", repeats);
}

/** Time to the first token of a second turn over a long history, from the cache and without one. */
async function* secondTurn(name: string, repeats: number): AsyncGenerator<Figure> {
  await using backend = await createBackend(name, 2);
  const sizes = { backend, maxContext: 16_384, maxKvTokens: 65_536 };
  await using cached = await loadModel(undefined, sizes);
  await using uncached = await loadModel(undefined, { ...sizes, engine: { prefixCache: false } });
  let turn = 0;
  const prefill = async (model: ChatModel): Promise<Measurement> => {
    const history = text(model, HISTORY_TOKENS, turn);
    const second = [...history, ...text(model, TURN_TOKENS, 100 + turn++)];
    // Nobody reads a history that is not kept.
    if (model === cached) await timed(model, [...history, 5], { snapshotAt: [HISTORY_TOKENS], maxTokens: 1 });
    const { prefillSeconds } = await timed(model, second, { maxTokens: 1 });
    return { value: 1000 * prefillSeconds, cpuSeconds: 0 };
  };
  const { values } = await inTurn(
    { cached: () => prefill(cached), uncached: () => prefill(uncached) },
    repeats,
  );
  yield figure({
    name: `engine.${name}.second-turn-over-8k`,
    value: median(values.cached),
    unit: "ms",
    lessIsBetter: true,
    peer: {
      value: median(values.uncached),
      name: "the same without a cache",
      goal: 20,
      ratio: medianRatio(values.uncached, values.cached),
    },
  });
}

/** Tokens a second of sixteen answers at once, against those of one. */
async function* batch(
  shape: keyof typeof DECODED_TOKENS,
  format: Format | undefined,
  path: string | undefined,
  name: string,
  repeats: number,
): AsyncGenerator<Figure> {
  await using backend = await createBackend(name, 2);
  await using model = await loadModel(path, {
    backend,
    maxContext: 512,
    maxSequences: BATCH,
    maxKvTokens: 8192,
  });
  const tokens = DECODED_TOKENS[shape];
  // Compiles the code, and fills caches.
  for (const answers of [1, BATCH]) await rate(model, answers, tokens);
  // The processor time that the rates take is this process's own, which is known without being told.
  const measured = (answers: number) => async (): Promise<Measurement> => ({
    value: await rate(model, answers, tokens),
    cpuSeconds: 0,
  });
  const { values, busy } = await inTurn({ one: measured(1), many: measured(BATCH) }, repeats);
  yield figure({
    name: `engine.${format === undefined ? shape : `${shape}.${format}`}.${name}.batch-${BATCH}`,
    value: median(values.many),
    unit: "tokens/s",
    busy,
    peer: {
      value: median(values.one),
      name: "one answer at a time",
      goal: 4,
      ratio: medianRatio(values.many, values.one),
    },
  });
}

/** Tokens a second of so many answers at once, their prompts left out. */
async function rate(model: ChatModel, answers: number, maxTokens: number): Promise<number> {
  const timings = await Promise.all(
    Array.from({ length: answers }, (_, index) => timed(model, [20 + index, 21, 22], { maxTokens })),
  );
  const seconds = Math.max(...timings.map(({ decodeSeconds }) => decodeSeconds));
  return (answers * (maxTokens - 1)) / seconds;
}

async function timed(
  { engine }: ChatModel,
  prompt: readonly number[],
  options: { readonly maxTokens: number; readonly snapshotAt?: readonly number[] },
) {
  const request = { ...options, prompt, format: "text", ignoreEndTokens: true } as const;
  for await (const event of engine.generate({ ...request, sampling: { temperature: 0 } })) {
    if (event.type === "finish") return event.timing;
  }
  throw new Error("The generation ended without a finish event.");
}

/** Some text's tokens, others for each seed. */
function text({ tokenizer }: ChatModel, tokens: number, seed: number): number[] {
  const ids = tokenizer.encode(`${seed} quick brown foxes jump over ${seed + 1} lazy dogs. `);
  return Array.from({ length: tokens }, (_, index) => ids[index % ids.length]!);
}
