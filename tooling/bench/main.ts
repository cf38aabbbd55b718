// Prints how fast the embedded model runs on this machine's reference backend, one JSON line a measure:
//
//   {"name": …, "value": …, "unit": …}
//
// The reference is written to be read. The ratio says how much of what one thread of JavaScript can
// multiply and add it uses, so that the number means the same on any machine.
import { loadModel } from "krait";
import { multiplyAddsPerSecond } from "./multiply-add-rate.ts";

const PROMPT_TOKENS = 512;
const DECODED_TOKENS = 128;
const REPEATS = 3;

const model = await loadModel(undefined, { backend: "cpu" });
const sentence = model.tokenizer.encode("The quick brown fox jumps over the lazy dog. ");
const prompt = Array.from({ length: PROMPT_TOKENS }, (_, index) => sentence[index % sentence.length]!);

const prefill: number[] = [];
const decode: number[] = [];
for (let repeat = 0; repeat < REPEATS; repeat++) {
  const stream = model.engine.generate({
    prompt,
    format: "text",
    maxTokens: DECODED_TOKENS,
    ignoreEndTokens: true,
    sampling: { temperature: 0 },
  });
  for await (const event of stream) {
    if (event.type !== "finish") continue;
    prefill.push(PROMPT_TOKENS / event.timing.prefillSeconds);
    // The first token is drawn from the prompt's logits; the clock of decoding starts with it.
    decode.push((DECODED_TOKENS - 1) / event.timing.decodeSeconds);
  }
}
await model[Symbol.asyncDispose]();

// Every matrix but the embedding table, of which a token takes one row.
const multiplyAddsPerToken = model.architecture.weights
  .filter(({ kind, name }) => kind === "matrix" && name !== "embeddings")
  .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
const rate = multiplyAddsPerSecond();

report("tiny-model.cpu.prefill", median(prefill), "tokens/s");
report("tiny-model.cpu.decode", median(decode), "tokens/s");
report("machine.f64-multiply-adds", rate, "1/s");
report("tiny-model.cpu.prefill.roofline", (median(prefill) * multiplyAddsPerToken) / rate, "ratio");
report("tiny-model.cpu.decode.roofline", (median(decode) * multiplyAddsPerToken) / rate, "ratio");

function report(name: string, value: number, unit: string): void {
  console.log(JSON.stringify({ name, value: Number(value.toPrecision(4)), unit }));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
