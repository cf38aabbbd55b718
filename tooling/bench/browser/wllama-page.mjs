// wllama, llama.cpp in WebAssembly, in a page. Its own clock gives the times.
import { Wllama } from "/wllama/esm/index.js";
import { answerQuestions } from "./answer-questions.mjs";

/** The token of byte b is 5 + b: above 127 they are no characters, and wllama's answer would be no JSON. */
const onlyCharacters = Object.fromEntries(Array.from({ length: 128 }, (_, i) => [5 + 128 + i, -1000]));
const silent = () => {};
let wllama;
let prompts = 0;

await answerQuestions({
  async load({ threads, maxContext }) {
    const started = performance.now();
    const model = await (await fetch("/model.gguf")).blob();
    const logger = { debug: silent, log: silent, warn: silent, error: silent };
    wllama = new Wllama({ default: "/wllama/esm/wasm/wllama.wasm" }, { suppressNativeLog: true, logger });
    const sizes = { n_ctx: maxContext, n_batch: 512, n_ubatch: 512 };
    await wllama.loadModel([model], { ...sizes, n_threads: threads, n_gpu_layers: 0, warmup: false });
    return (performance.now() - started) / 1000;
  },
  prefill: async (tokens) => tokens / (await generate(tokens, 1)).prompt_per_second,
  decode: async (tokens) => tokens / (await generate(5, tokens)).predicted_per_second,
});

async function generate(promptTokens, maxTokens) {
  prompts++;
  // Letters that no merge joins, another text each time: one character is one token, and nothing is cached.
  const letters = "qzxjkwvybp";
  const prompt = Array.from(
    { length: promptTokens },
    (_, i) => letters[(7 * i + 3 * prompts + ((i * i) >> 3)) % 10],
  );
  const { timings } = await wllama.createCompletion({
    prompt: prompt.join(""),
    max_tokens: maxTokens,
    temperature: 0,
    logit_bias: onlyCharacters,
    ignore_eos: true,
    cache_prompt: false,
    stream: false,
  });
  return timings;
}
