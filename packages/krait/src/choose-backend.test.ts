import { hasNativeBackend } from "@krait/backend-native";
import { expect, test } from "vitest";
import { backendNames, chooseBackend, loadModel } from "./index.ts";

/** Those that "auto" chooses from; a GPU is taken by name. */
const automatic = backendNames.filter((name) => name !== "webgpu");
const available = automatic.filter((name) => name !== "native" || hasNativeBackend());

test.for(automatic)("%s is a backend of that name", async (name, { skip }) => {
  if (!available.includes(name)) skip("the native kernels are not compiled here");
  const reasons: string[] = [];
  await using backend = await chooseBackend(name, { onChoice: (reason) => reasons.push(reason) });
  expect(backend.name).toBe(name);
  expect(reasons).toEqual([`Backend "${name}", as asked for.`]);
});

test("webgpu is a backend of that name, or says what it lacks", async () => {
  try {
    await using backend = await chooseBackend("webgpu");
    expect(backend.name).toBe("webgpu");
  } catch (error) {
    expect(error).toMatchObject({ code: "WEBGPU_UNAVAILABLE" });
  }
});

test("auto is the fastest that there is, and says why no faster one", async () => {
  const reasons: string[] = [];
  await using backend = await chooseBackend("auto", { onChoice: (reason) => reasons.push(reason) });
  expect(backend.name).toBe(available[0]);
  expect(reasons).toHaveLength(1);
  expect(reasons[0]).toMatch(
    hasNativeBackend() ? /^Backend "native"\.$/ : /^Backend "wasm"\. .*not there for/,
  );
});

test("a name that no backend has is refused with those there are", async () => {
  await expect(chooseBackend("abacus")).rejects.toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: expect.stringContaining("auto, native, wasm, cpu, webgpu"),
  });
});

test.each([
  "Hello!",
  "What is 47 + 38?",
  "Tell me about yourself. /think",
  "Was ist die Hauptstadt von Italien?",
])("to %j the embedded model gives the reference's answer on every backend", async (content) => {
  const answers: string[] = [];
  for (const backend of ["cpu", ...available.filter((name) => name !== "cpu")]) {
    await using model = await loadModel(undefined, { backend, kvDtype: "f32" });
    const options = { temperature: 0, maxTokens: 80 };
    const answer = await model.chat([{ role: "user", content }], options).result();
    answers.push(`${answer.reasoning}\n${answer.text}`);
  }
  expect(new Set(answers).size).toBe(1);
  expect(answers[0]!.trim()).not.toBe("");
});
