import { createCudaBackend } from "@krait/backend-cuda";
import { expect, test } from "vitest";
import { withEmulator } from "../../../packages/backend-cuda/test-support/with-emulator.ts";
import type { Figure } from "../figure.ts";
import { cudaSuite, measureGpu, toy } from "./suite.ts";

await withEmulator("the benchmark of CUDA", ({ library }) => {
  test("measures every width, batch and context, at toy size", { timeout: 120_000 }, async () => {
    await using backend = await createCudaBackend({ library });
    const figures: Figure[] = [];
    for await (const figure of measureGpu(backend, toy, () => {})) figures.push(figure);
    expect(figures.every(({ value }) => Number.isFinite(value) && value > 0)).toBe(true);
    const names = figures.map(({ name }) => name);
    expect(names).toContain("cuda.copy");
    for (const format of toy.formats) {
      const decodes = toy.batches.flatMap((batch) =>
        toy.contexts.map((context) => `cuda.toy.${format}.decode${batch}@${context}`),
      );
      expect(names).toEqual(expect.arrayContaining([...decodes, `cuda.toy.${format}.prefill40`]));
      const weights = figures.find(({ name }) => name === `cuda.toy.${format}.decode1@33.weights`);
      expect(weights).toMatchObject({ against: "copy", goal: 0.85 });
    }
  });
});

test("without a driver the benchmark says what is missing, and measures nothing", async () => {
  const before = process.env.KRAIT_CUDA_LIBRARY;
  process.env.KRAIT_CUDA_LIBRARY = "libcuda-of-nobody.so.1";
  try {
    const notes: string[] = [];
    const options = { quick: true, ops: false, backend: undefined, note: (text: string) => notes.push(text) };
    for await (const figure of cudaSuite(options)) throw new Error(`it measured ${figure.name}`);
    expect(notes).toEqual([expect.stringMatching(/libcuda-of-nobody.so.1.*Nothing was measured/)]);
  } finally {
    if (before === undefined) delete process.env.KRAIT_CUDA_LIBRARY;
    else process.env.KRAIT_CUDA_LIBRARY = before;
  }
});
