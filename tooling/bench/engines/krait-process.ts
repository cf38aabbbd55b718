// Krait in a process of its own.
import { createEngine, type Engine } from "@krait/engine";
import { architectureOf, configOfGguf, loadModel, type Model } from "@krait/models";
import type { Backend } from "@krait/tensor";
import { openWeights } from "@krait/weights";
import { type StepTimes, timeOps } from "../ops/time-ops.ts";
import { createBackend } from "./backends.ts";
import type { LoadRequest, OpsRequest, StepsRequest } from "./engine-process.ts";
import { promptTokens } from "./prompt.ts";
import { serve } from "./serve.ts";
import { SyntheticSequence } from "./synthetic-sequence.ts";

let backend: Backend;
let model: Model;
let engine: Engine | undefined;
let sequence: SyntheticSequence | undefined;

serve({
  async load({ file, threads, maxContext, chunkRows, backend: name }: LoadRequest): Promise<number> {
    const started = performance.now();
    backend = await createBackend(name!, threads);
    await using weights = await openWeights(file);
    const architecture = architectureOf(configOfGguf(weights), "gguf");
    model = await loadModel(architecture, weights, backend, { maxContext, chunkRows, maxSequences: 1 });
    return (performance.now() - started) / 1000;
  },

  async prefill(tokens: number): Promise<number> {
    return (await generate(promptTokens(tokens), 1)).prefillSeconds;
  },

  async firstToken(promptLength: number): Promise<number> {
    return (await generate(promptTokens(promptLength), 1)).prefillSeconds;
  },

  async decode(tokens: number): Promise<number> {
    return (await generate(promptTokens(5), tokens + 1)).decodeSeconds;
  },

  /** As `decode`, of the two Programs alone, at the end of a context that was never read. */
  async steps({ tokens, context }: StepsRequest): Promise<number> {
    sequence ??= new SyntheticSequence(model, backend);
    sequence.fill(context);
    await sequence.decode(1);
    const started = performance.now();
    await sequence.decode(tokens);
    return (performance.now() - started) / 1000;
  },

  async ops({ rows, context }: OpsRequest): Promise<StepTimes> {
    sequence ??= new SyntheticSequence(model, backend);
    sequence.fill(context);
    return timeOps(model, backend, sequence, { rows, context });
  },
});

async function generate(prompt: number[], maxTokens: number) {
  // The same prompt comes again and again, and is to be read each time.
  engine ??= createEngine(model, backend, { prefixCache: false });
  const sampling = { temperature: 0 };
  for await (const event of engine.generate({
    prompt,
    format: "text",
    maxTokens,
    ignoreEndTokens: true,
    sampling,
  })) {
    if (event.type === "finish") return event.timing;
  }
  throw new Error("The generation ended without a finish event.");
}
