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

  async decode(tokens: number): Promise<number> {
    await sequence.clearHistory();
    let started = 0;
    let generated = 0;
    // The first token pays for the prompt; the clock starts with it.
    for await (const _ of sequence.evaluate(promptTokens(5), { temperature: 0, yieldEogToken: true })) {
      if (generated === 0) started = performance.now();
      if (generated++ === tokens) break;
    }
    return seconds(started);
  },
});

function seconds(started: number): number {
  return (performance.now() - started) / 1000;
}
