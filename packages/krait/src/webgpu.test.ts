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
}, 300_000);
