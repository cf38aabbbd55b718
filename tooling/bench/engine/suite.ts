import { type ChatModel, loadModel } from "krait";
import { createBackend } from "../engines/backends.ts";
import { type Figure, figure } from "../figure.ts";
import { median } from "../paired.ts";
import { modelFile } from "../random-model/model-files.ts";
import type { SuiteOptions } from "../suite.ts";

const HISTORY_TOKENS = 8192;
const TURN_TOKENS = 64;
const BATCH = 16;
const DECODED_TOKENS = 48;

/** What sharing brings: of beginnings between prompts, and of steps between requests. */
export async function* engineSuite({ backend, quick, note }: SuiteOptions): AsyncGenerator<Figure> {
  const repeats = quick ? 1 : 3;
  yield* batch("tiny", undefined, backend ?? "native", repeats);
  if (!quick) {
    const { path } = await modelFile("0.6b", "q8_0", note);
    yield* batch("0.6b.q8_0", path, backend ?? "native", repeats);
  }
  yield* secondTurn(backend ?? "native", repeats);
}

/** Time to the first token of a second turn over a long history, from the cache and without one. */
async function* secondTurn(name: string, repeats: number): AsyncGenerator<Figure> {
  await using backend = await createBackend(name, 2);
  const sizes = { backend, maxContext: 16_384, maxKvTokens: 65_536 };
  await using cached = await loadModel(undefined, sizes);
  await using uncached = await loadModel(undefined, { ...sizes, engine: { prefixCache: false } });
  const times: { cached: number[]; uncached: number[] } = { cached: [], uncached: [] };
  for (let repeat = 0; repeat < repeats; repeat++) {
    const history = text(cached, HISTORY_TOKENS, repeat);
    const second = [...history, ...text(cached, TURN_TOKENS, repeat + 100)];
    await timed(cached, [...history, 5], { snapshotAt: [HISTORY_TOKENS], maxTokens: 1 });
    times.cached.push((await timed(cached, second, { maxTokens: 1 })).prefillSeconds);
    times.uncached.push((await timed(uncached, second, { maxTokens: 1 })).prefillSeconds);
  }
  yield figure({
    name: `engine.${name}.second-turn-over-8k`,
    value: 1000 * median(times.cached),
    unit: "ms",
    lessIsBetter: true,
    peer: { value: 1000 * median(times.uncached), name: "the same without a cache", goal: 20 },
  });
}

/** Tokens a second of sixteen answers at once, against those of one. */
async function* batch(
  shape: string,
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
  const rates: Record<"one" | "many", number[]> = { one: [], many: [] };
  await rate(model, BATCH); // once unmeasured, until the code is compiled
  for (let repeat = 0; repeat < repeats; repeat++) {
    rates.one.push(await rate(model, 1));
    rates.many.push(await rate(model, BATCH));
  }
  yield figure({
    name: `engine.${shape}.${name}.batch-${BATCH}`,
    value: median(rates.many),
    unit: "tokens/s",
    peer: { value: median(rates.one), name: "one answer at a time", goal: 4 },
  });
}

/** Tokens a second of so many answers at once, their prompts left out. */
async function rate(model: ChatModel, answers: number): Promise<number> {
  const maxTokens = DECODED_TOKENS;
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
