import { architectureOf, loadModel } from "@krait/models";
import { describeGolden } from "@krait/testing";
import { withEmulator } from "../test-support/with-emulator.ts";
import { createCudaBackend } from "./index.ts";

await withEmulator("golden models on an emulated GPU", ({ library }) =>
  // The smaller one alone: an emulated GPU is slow.
  describeGolden(() => createCudaBackend({ library }), {
    fixtures: ["tiny-a"],
    chunks: [300, 7],
    load: ({ config, weights }, backend, sizes) =>
      loadModel(architectureOf(config), weights, backend, { ...sizes, kvDtype: "f32" }),
  }),
);
