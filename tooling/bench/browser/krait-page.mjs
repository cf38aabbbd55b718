// Krait's WebAssembly backend in a page.
import { createWasmBackend } from "@krait/backend-wasm";
import { createEngine } from "@krait/engine";
import { architectureOf, configOfGguf, loadModel } from "@krait/models";
import { openWeights } from "@krait/weights";
import { answerQuestions } from "./answer-questions.mjs";

let engine;

await answerQuestions({
  async load({ threads, maxContext }) {
    const started = performance.now();
    const backend = await createWasmBackend({ threads });
    const file = await openWeights(new URL("/model.gguf", location.href));
    const architecture = architectureOf(configOfGguf(file), "gguf");
    const model = await loadModel(architecture, file, backend, { maxContext, maxSequences: 1 });
    engine = createEngine(model, backend, { prefixCache: false });
    return (performance.now() - started) / 1000;
  },
  prefill: async (tokens) => (await generate(tokens, 1)).prefillSeconds,
  decode: async (tokens) => (await generate(5, tokens + 1)).decodeSeconds,
});

async function generate(promptTokens, maxTokens) {
  const prompt = Array.from({ length: promptTokens }, (_, index) => 5 + ((index * 7919 + 13) % 250));
  const sampling = { temperature: 0 };
  const request = { prompt, format: "text", maxTokens, ignoreEndTokens: true, sampling };
  for await (const event of engine.generate(request)) {
    if (event.type === "finish") return event.timing;
  }
}
