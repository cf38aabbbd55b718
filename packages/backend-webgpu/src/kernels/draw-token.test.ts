import { createSampler } from "@krait/sampler";
import { anyDraw, drawOn } from "@krait/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { withAdapter } from "../../test-support/adapter.ts";
import { createWebGPUBackend } from "../index.ts";

await withAdapter("draws", () => {
  test("are those of @krait/sampler, but where single precision falls to the other side of a boundary", async () => {
    await using backend = await createWebGPUBackend();
    const draws = fc.sample(anyDraw, { numRuns: 1000, seed: 1 });
    const tokens = await drawOn(backend, draws);
    const parted = draws.filter(({ position, logits, ...options }, index) => {
      const sampler = createSampler(options);
      return sampler.sample(Float32Array.from(logits), { position }).token !== tokens[index];
    });
    expect(parted.length).toBeLessThanOrEqual(1);
  });
});
