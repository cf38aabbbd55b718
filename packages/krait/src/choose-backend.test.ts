import { expect, test } from "vitest";
import { chooseBackend, loadModel } from "./index.ts";

test.each(["cpu", "wasm"])("%s is a backend of that name", async (name) => {
  await using backend = await chooseBackend(name);
  expect(backend.name).toBe(name);
});

test.each([
  "Hello!",
  "What is 47 + 38?",
  "Tell me about yourself. /think",
  "Was ist die Hauptstadt von Italien?",
])("to %j the embedded model gives the reference's answer on WebAssembly", async (content) => {
  const answers: string[] = [];
  for (const backend of ["cpu", "wasm"]) {
    await using model = await loadModel(undefined, { backend, kvDtype: "f32" });
    const options = { temperature: 0, maxTokens: 80 };
    const answer = await model.chat([{ role: "user", content }], options).result();
    answers.push(`${answer.reasoning}\n${answer.text}`);
  }
  expect(answers[1]).toBe(answers[0]);
  expect(answers[0]!.trim()).not.toBe("");
});
