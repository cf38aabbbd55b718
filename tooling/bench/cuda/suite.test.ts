import { expect, test } from "vitest";
import { withEmulator } from "../../../packages/backend-cuda/test-support/with-emulator.ts";
import type { Figure } from "../figure.ts";
import { cudaSuite, toy } from "./suite.ts";

/** Runs the suite on another driver's library; what it measures and says. */
async function runSuite(library: string): Promise<{ figures: Figure[]; notes: string[] }> {
  const before = process.env.KRAIT_CUDA_LIBRARY;
  process.env.KRAIT_CUDA_LIBRARY = library;
  const figures: Figure[] = [];
  const notes: string[] = [];
  try {
    const options = { quick: true, ops: false, backend: undefined, note: (text: string) => notes.push(text) };
    for await (const figure of cudaSuite(options)) figures.push(figure);
  } finally {
    if (before === undefined) delete process.env.KRAIT_CUDA_LIBRARY;
    else process.env.KRAIT_CUDA_LIBRARY = before;
  }
  return { figures, notes };
}

await withEmulator("the benchmark of CUDA", ({ library }) => {
  test("measures ceilings, every width, batch and context, and what steps are made of, at toy size", async () => {
    const { figures, notes } = await runSuite(library);
    expect(notes[0]).toMatch(/^GPU: Emulated GPU, compute capability 8.0, 4 multiprocessors$/);
    expect(figures.filter(({ value }) => !(Number.isFinite(value) && value > 0))).toEqual([]);
    const names = figures.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.slice(0, 3)).toEqual(["cuda.read", "cuda.copy", "cuda.mma.sync"]);
    for (const format of toy.formats) {
      const label = `cuda.toy.${format}`;
      const decodes = toy.batches.flatMap((batch) =>
        toy.contexts.map((context) => `${label}.decode${batch}@${context}`),
      );
      expect(names).toEqual(expect.arrayContaining([...decodes, `${label}.prefill40`]));
      expect(figures.find(({ name }) => name === `${label}.decode1@33.weights`)).toMatchObject({
        against: "read",
        goal: 0.85,
      });
      for (const step of ["token@33", "token@100", "chunk@24"]) {
        const parts = figures.filter(({ name }) => name.startsWith(`${label}.${step}.`));
        const shares = parts.reduce((sum, { share = 0 }) => sum + share, 0);
        expect(shares).toBeCloseTo(1, 2);
        const known = ["ssmScan", "gatedGroupNorm", "attention", "writeKv", "inProjection", "down", "head"];
        expect(parts.map(({ name }) => name.split(".").at(-1))).toEqual(expect.arrayContaining(known));
      }
      expect(figures.find(({ name }) => name === `${label}.token@33.kernels`)!.value).toBeGreaterThan(20);
    }
    expect(figures.at(-1)).toMatchObject({ name: "cuda.toy.bf16.context100.memory", goal: 1 });
    expect(figures.at(-1)!.ratio).toBeGreaterThan(1);
    expect(notes.at(-1)).toBe("PyTorch with transformers is left out: there is no time for it");
  });
});

test("without a driver the benchmark says what is missing, and measures nothing", async () => {
  const { figures, notes } = await runSuite("libcuda-of-nobody.so.1");
  expect(figures).toEqual([]);
  expect(notes).toEqual([expect.stringMatching(/libcuda-of-nobody.so.1.*Nothing was measured/)]);
});
