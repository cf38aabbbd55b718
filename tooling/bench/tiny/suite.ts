import { loadModel } from "krait";
import { type Figure, figure } from "../figure.ts";
import { median } from "../paired.ts";
import type { SuiteOptions } from "../suite.ts";
import { multiplyAddsPerSecond } from "./multiply-add-rate.ts";

const PROMPT_TOKENS = 512;
const DECODED_TOKENS = 128;
const REPEATS = 3;

/**
 * How fast the embedded model runs, on the reference backend unless another is named.
 *
 * The reference is written to be read. The roofline says how much of what one thread of JavaScript can
 * multiply and add it uses, so that the number means the same on any machine.
 */
export async function* tinySuite({ backend = "cpu" }: SuiteOptions): AsyncGenerator<Figure> {
  await using model = await loadModel(undefined, { backend, engine: { prefixCache: false } });
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
  yield figure({ name: `tiny.${backend}.prefill`, value: median(prefill), unit: "tokens/s" });
  yield figure({ name: `tiny.${backend}.decode`, value: median(decode), unit: "tokens/s" });
  if (backend !== "cpu") return;

  // Every matrix but the embedding table, of which a token takes one row.
  const multiplyAddsPerToken = model.architecture.weights
    .filter(({ kind, name }) => kind === "matrix" && name !== "embeddings")
    .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const peer = { value: multiplyAddsPerSecond(), name: "one thread's f64 multiply-adds" };
  for (const [name, rate] of Object.entries({ prefill, decode })) {
    const value = median(rate) * multiplyAddsPerToken;
    yield figure({ name: `tiny.cpu.${name}.roofline`, value, unit: "1/s", peer });
  }
}
