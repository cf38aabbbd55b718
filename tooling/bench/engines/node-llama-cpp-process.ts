// node-llama-cpp (llama.cpp as a native addon) in a process of its own, on the processor alone.
import { pathToFileURL } from "node:url";
import type { LoadRequest } from "./engine-process.ts";
import { nodeLlamaCpp } from "./peers.ts";
import { promptTokens } from "./prompt.ts";
import { serve } from "./serve.ts";

/** As much of node-llama-cpp's types as is used here. */
interface Sequence {
  clearHistory(): Promise<void>;
  evaluateWithoutGeneratingNewTokens(tokens: readonly number[]): Promise<void>;
  evaluate(tokens: readonly number[], options: object): AsyncIterable<number>;
  controlledEvaluate(input: readonly (readonly [token: number, options: object])[]): Promise<Evaluated[]>;
}
interface Evaluated {
  readonly next: { readonly probabilities: ReadonlyMap<number, number> };
}
interface Context {
  getSequence(options: object): Sequence;
}
interface Model {
  createContext(options: object): Promise<Context>;
}
interface Llama {
  loadModel(options: object): Promise<Model>;
}

let sequence: Sequence;

serve({
  async load({ file, threads, maxContext }: LoadRequest): Promise<number> {
    const started = performance.now();
    const { getLlama } = await import(pathToFileURL(nodeLlamaCpp()!.entry).href);
    const llama: Llama = await getLlama({ gpu: false, build: "never", logLevel: "error", maxThreads: 0 });
    const model = await llama.loadModel({ modelPath: file, gpuLayers: 0 });
    const context = await model.createContext({
      contextSize: maxContext,
      batchSize: 512,
      threads: { ideal: threads, min: threads },
    });
    sequence = context.getSequence({ checkpoints: { max: 0 } });
    return seconds(started);
  },

  async prefill(tokens: number): Promise<number> {
    await sequence.clearHistory();
    const started = performance.now();
    await sequence.evaluateWithoutGeneratingNewTokens(promptTokens(tokens));
    return seconds(started);
  },

  async firstToken(promptLength: number): Promise<number> {
    const started = performance.now();
    const [first] = await generate(promptLength, 1);
    return (first! - started) / 1000;
  },

  /** What each next token gets after each of some tokens. */
  async probabilities(tokens: readonly number[]): Promise<number[][]> {
    await sequence.clearHistory();
    const options = { temperature: 1, topK: 0, topP: 1, minP: 0 };
    const generateNext = { probabilities: true, options };
    const evaluated = await sequence.controlledEvaluate(tokens.map((token) => [token, { generateNext }]));
    return evaluated.map(({ next }) => {
      const row: number[] = new Array(next.probabilities.size).fill(0);
      for (const [token, probability] of next.probabilities) row[token] = probability;
      return row;
    });
  },

  async decode(tokens: number): Promise<number> {
    // The first token pays for the prompt; the clock starts with it.
    const times = await generate(5, tokens + 1);
    return (times[tokens]! - times[0]!) / 1000;
  },
});

/** When each token came, in milliseconds. */
async function generate(promptLength: number, tokens: number): Promise<number[]> {
  await sequence.clearHistory();
  const times: number[] = [];
  const options = { temperature: 0, yieldEogToken: true };
  for await (const _ of sequence.evaluate(promptTokens(promptLength), options)) {
    if (times.push(performance.now()) === tokens) break;
  }
  return times;
}

function seconds(started: number): number {
  return (performance.now() - started) / 1000;
}
