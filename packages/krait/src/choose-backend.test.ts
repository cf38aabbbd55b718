import { hasNativeBackend } from "@krait/backend-native";
import { MemoryPlanError } from "@krait/models";
import type { Backend } from "@krait/tensor";
import { expect, test } from "vitest";
import { chooseBackend, loadModel } from "./index.ts";

/** Those that compute on the processor, the fastest first; a GPU may be there or not. */
const processors = ["native", "wasm", "cpu"];
const available = processors.filter((name) => name !== "native" || hasNativeBackend());

test.for(processors)("%s is a backend of that name", async (name, { skip }) => {
  if (!available.includes(name)) skip("the native kernels are not compiled here");
  const reasons: string[] = [];
  await using backend = await chooseBackend(name, { onChoice: (reason) => reasons.push(reason) });
  expect(backend.name).toBe(name);
  expect(reasons).toEqual([`Backend "${name}", as asked for.`]);
});

test.each([
  ["webgpu", "WEBGPU_UNAVAILABLE"],
  ["cuda", /^(BACKEND|CUDA)_UNAVAILABLE$/],
])("%s is a backend of that name, or says what it lacks", async (name, code) => {
  try {
    await using backend = await chooseBackend(name);
    expect(backend.name).toBe(name);
  } catch (error) {
    expect((error as { code: string }).code).toMatch(code);
  }
});

test("auto tries GPUs, then what is fastest on the processor, and says why no faster one", async () => {
  const reasons: string[] = [];
  await using backend = await chooseBackend("auto", { onChoice: (reason) => reasons.push(reason) });
  expect(["cuda", "webgpu", available[0]]).toContain(backend.name);
  expect(backend.software).toBe(false);
  expect(reasons).toHaveLength(1);
  expect(reasons[0]).toMatch(new RegExp(`^Backend "${backend.name}"\\.`));
  if (backend.name === "native")
    expect(reasons[0]).toMatch(/("cuda" needs|CUDA cannot be used here).*WebGPU cannot be used here/);
  if (backend.name === "wasm") expect(reasons[0]).toMatch(/WebGPU cannot be used here.*not there for/);
});

test("auto passes over a backend that the model does not fit", async () => {
  const reasons: string[] = [];
  const [first, second] = available;
  const admit = ({ name, limits }: Backend) => {
    if (["cuda", "webgpu", first].includes(name)) {
      throw new MemoryPlanError("Too large.", { neededBytes: 1e15, availableBytes: limits.memoryBytes });
    }
  };
  await using backend = await chooseBackend("auto", { admit, onChoice: (reason) => reasons.push(reason) });
  expect(backend.name).toBe(second);
  expect(reasons[0]).toMatch(/Too large\.$/);
});

test("a model that fits no backend is refused with the plan", async () => {
  await expect(loadModel(undefined, { maxSequences: 10_000_000 })).rejects.toMatchObject({
    code: "MEMORY_INSUFFICIENT",
    message: expect.stringMatching(/needs [\d.]+ GB on backend/),
  });
});

test("a name that no backend has is refused with those there are", async () => {
  await expect(chooseBackend("abacus")).rejects.toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: expect.stringContaining("auto, cuda, webgpu, native, wasm, cpu"),
  });
});
