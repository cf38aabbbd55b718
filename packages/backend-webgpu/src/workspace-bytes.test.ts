import { architectureOf, loadModel } from "@krait/models";
import { planScratch, stateBytes } from "@krait/tensor";
import { randomModel } from "@krait/testing";
import { expect, test } from "vitest";
import { withAdapter } from "../test-support/adapter.ts";
import { createWebGPUBackend } from "./index.ts";

await withAdapter("workspaces", async () => {
  const { config, weights } = await randomModel(1);
  const sizes = { maxContext: 64, maxSequences: 2, chunkRows: 40, prefixCacheBytes: 0 };

  test("are in the memory plan as what a bound Program takes beside its values and feeds", async () => {
    await using backend = await createWebGPUBackend();
    using model = await loadModel(architectureOf(config), weights, backend, sizes);
    const { forward, sample } = model.programs;
    const workspaces = backend.ownedBytes!(forward, model.largest);
    expect(workspaces).toBeGreaterThan(10_000);
    const scratch = planScratch(forward, model.largest).totalBytes;
    expect(model.memory.scratchBytes).toBeGreaterThan(
      workspaces + scratch + planScratch(sample, model.largest).totalBytes,
    );
    const states = Object.fromEntries(
      Object.entries(forward.states).map(([name, spec]) => [name, backend.allocate(stateBytes(spec), name)]),
    );
    const before = backend.counters.allocatedBytes;
    using _ = model.forward.bind({ weights: model.weights, states });
    const feeds = backend.counters.allocatedBytes - before - workspaces - scratch;
    expect(feeds).toBeGreaterThan(0);
    expect(feeds).toBeLessThan(2048); // with the extents of the step, and what pads buffers
  });
});
