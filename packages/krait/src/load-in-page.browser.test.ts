import { expect, test } from "vitest";
import { loadModel } from "./load-model.ts";

const endpoint = await (await fetch("/test-hub")).text();
const greedy = { sampling: { temperature: 0 }, maxTokens: 60 } as const;
const ask = [{ role: "user", content: "What is 47 + 38?" }] as const;

test("a model of the hub is loaded in a page by its name, and from the browser's storage the next time", async () => {
  const options = { endpoint, backend: "wasm" };
  const received: number[] = [];
  const first = await loadModel("org/tiny", {
    ...options,
    onDownload: ({ loadedBytes }) => received.push(loadedBytes),
  });
  expect(received.at(-1)).toBeGreaterThan(1e5);
  expect(first.name).toBe("org/tiny");
  const { text } = await first.chat(ask, greedy).result();
  await first[Symbol.asyncDispose]();

  const again = await loadModel("org/tiny", { ...options, offline: true });
  const embedded = await loadModel(undefined, { backend: "wasm" });
  for (const model of [again, embedded]) {
    expect((await model.chat(ask, greedy).result()).text).toBe(text);
    await model[Symbol.asyncDispose]();
  }
  const root = await navigator.storage.getDirectory();
  await root.removeEntry("krait", { recursive: true });
});

test("a name that is no model's is refused by what it could have been", async () => {
  await expect(loadModel("models/tiny/of/mine")).rejects.toMatchObject({ code: "WEIGHT_FILE_MISSING" });
  await expect(loadModel("org/absent", { endpoint })).rejects.toMatchObject({ code: "HUB_MODEL_NOT_FOUND" });
});
