import { architectureOf, loadModel } from "@krait/models";
import { EqualitySubject, equalities, randomModel } from "@krait/testing";
import { afterAll, beforeAll, describe, test } from "vitest";
import { withAdapter } from "../test-support/adapter.ts";
import { createWebGPUBackend, type WebGpuBackend } from "./index.ts";

// On one small model, for a software driver is slow. Kernels differ with the number of rows, and so does
// the rounding of their sums.
await withAdapter("the equalities", async () => {
  const sources = [await randomModel(1)];
  describe.each(sources)("$name", (source) => {
    let backend: WebGpuBackend;
    let subject: EqualitySubject;
    beforeAll(async () => {
      backend = await createWebGPUBackend();
      subject = await EqualitySubject.load(
        source,
        backend,
        ({ config, weights }, on, sizes) =>
          loadModel(architectureOf(config), weights, on, { ...sizes, kvDtype: "f32" }),
        { exact: false, tolerance: 2e-4 },
      );
    });
    afterAll(async () => {
      subject.dispose();
      await backend[Symbol.asyncDispose]();
    });
    test.each(equalities)("$name", async ({ check }) => await check(subject));
  });
});
