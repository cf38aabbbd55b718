import { architectureOf, loadModel } from "@krait/models";
import { EqualitySubject, equalities, randomModel } from "@krait/testing";
import { afterAll, beforeAll, describe, test } from "vitest";
import { withEmulator } from "../test-support/with-emulator.ts";
import { type CudaBackend, createCudaBackend } from "./index.ts";

// On one small model, for an emulated GPU is slow. Kernels differ with the number of rows, and so does
// the rounding of their sums.
await withEmulator("the equalities on an emulated GPU", async ({ library }) => {
  const source = await randomModel(1);
  describe(source.name, () => {
    let backend: CudaBackend;
    let subject: EqualitySubject;
    beforeAll(async () => {
      backend = await createCudaBackend({ library });
      subject = await EqualitySubject.load(
        source,
        backend,
        ({ config, weights }, on, sizes) =>
          loadModel(architectureOf(config), weights, on, { ...sizes, kvDtype: "f32" }),
        { exact: false, tolerance: 2e-4 },
      );
    });
    afterAll(async () => {
      subject?.dispose();
      await backend?.[Symbol.asyncDispose]();
    });
    test.each(equalities)("$name", async ({ check }) => await check(subject));
  });
});
