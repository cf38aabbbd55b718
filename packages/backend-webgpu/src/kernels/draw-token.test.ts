import { createSampler } from "@krait/sampler";
import { anyDraw, drawOn, maskedDraws } from "@krait/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { withAdapter } from "../../test-support/adapter.ts";
import { createWebGPUBackend } from "../index.ts";

await withAdapter("draws", () => {
  test("a mask is applied before top-k, which then has tokens to choose from", async () => {
    await using backend = await createWebGPUBackend();
    const { drawn, expected } = await maskedDraws(backend);
    expect(drawn).toEqual(expected);
  });

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
