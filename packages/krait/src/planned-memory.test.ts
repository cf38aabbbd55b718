import { createNativeBackend, hasNativeBackend } from "@krait/backend-native";
import { createWasmBackend } from "@krait/backend-wasm";
import type { Backend } from "@krait/tensor";
import { expect, test } from "vitest";
import { loadModel } from "./load-model.ts";

async function expectExactPlan(create: (memoryBytes?: number) => Promise<Backend>): Promise<void> {
  // Without a cache, whose snapshots are only taken as they come, all of the plan is taken at once.
  const options = { maxContext: 64, maxSequences: 1, prefixCacheBytes: 0 };
  const load = async (memoryBytes?: number) =>
    loadModel(undefined, { ...options, backend: await create(memoryBytes) });
  const { totalBytes } = await load().then(async (model) => {
    await using free = model;
    return free.memory;
  });
  await using model = await load(totalBytes);
  const { text } = await model.complete("The capital", { maxTokens: 5 }).result();
  expect(text).not.toBe("");
  await expect(load(totalBytes - 1)).rejects.toMatchObject({ code: "MEMORY_INSUFFICIENT" });
}

test("wasm holds a model in what was planned, the workspaces of its threads included", async () => {
  await expectExactPlan((memoryBytes) => createWasmBackend({ threads: 3, memoryBytes }));
});

test("native holds a model in what was planned, the workspaces of its threads included", async (context) => {
  if (!hasNativeBackend())
    context.skip("needs the kernels compiled for this platform, and a C compiler to compile them");
  await expectExactPlan((memoryBytes) => createNativeBackend({ threads: 3, memoryBytes }));
});
