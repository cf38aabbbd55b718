import { expect, test } from "vitest";
import { chooseBackend, loadModel } from "./index.ts";

const questions = ["Hello!", "What is 47 + 38?"];

/** What the embedded model answers, greedily, and the lines that tell of the backend. */
async function answersOf(backend: string): Promise<{ answers: string[]; lines: string[] }> {
  const lines: string[] = [];
  await using model = await loadModel(undefined, {
    backend,
    kvDtype: "f32",
    maxContext: 512,
    onBackend: (line) => lines.push(line),
  });
  const answers: string[] = [];
  for (const content of questions) {
    const options = { temperature: 0, maxTokens: 16 };
    const { reasoning, text } = await model.chat([{ role: "user", content }], options).result();
    answers.push(`${reasoning}\n${text}`);
  }
  return { answers, lines };
}

test("on WebGPU the embedded model gives the reference's answers, its states in f32", async (context) => {
  const missing = await chooseBackend("webgpu").then(
    (backend) => backend[Symbol.asyncDispose](),
    (error: Error & { code: string }) => {
      if (error.code !== "WEBGPU_UNAVAILABLE") throw error;
      return error.message;
    },
  );
  if (missing !== undefined) context.skip(missing);
  const { answers, lines } = await answersOf("webgpu");
  expect(answers).toEqual((await answersOf("cpu")).answers);
  expect(lines).toEqual([
    'Backend "webgpu", as asked for.',
    "Recurrent states are kept in f32, keys and values in f32.",
  ]);
});

test("on WebGPU a deterministic engine computes the same bits alone and among others", async (context) => {
  const backend = await chooseBackend("webgpu").catch((error: Error & { code: string }) => {
    if (error.code !== "WEBGPU_UNAVAILABLE") throw error;
    context.skip(error.message);
  });
  await using held = backend!;
  await using model = await loadModel(undefined, {
    backend: held,
    maxContext: 128,
    maxSequences: 3,
    chunkRows: 16,
    engine: { deterministic: true, prefixCache: false },
  });
  const answer = async (text: string) => {
    const logits: Float32Array[] = [];
    const prompt = model.tokenizer.encode(text);
    const sampling = { temperature: 0 };
    const onLogits = (row: Float32Array) => logits.push(row.slice());
    for await (const _ of model.engine.generate({
      prompt,
      maxTokens: 3,
      ignoreEndTokens: true,
      sampling,
      onLogits,
    })) {
      // only the logits are looked at
    }
    return logits;
  };
  const text = "The capital of France is Paris, and that of Italy is Rome; what is that of Spain?";
  const alone = await answer(text);
  const [among] = await Promise.all([answer(text), answer("Hello there!"), answer("One, two, three")]);
  expect(alone.length).toBeGreaterThan(1);
  expect(among).toEqual(alone);
});
