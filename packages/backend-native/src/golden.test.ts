import { architectureOf, loadModel } from "@krait/models";
import { describeGolden } from "@krait/testing";
import { describe } from "vitest";
import { onNative } from "../test-support/on-native.ts";
import { createNativeBackend } from "./index.ts";

await onNative((instructionSets) => {
  describe.each(instructionSets)("%s", (isa) => {
    describeGolden(() => createNativeBackend({ isa }), {
      load: ({ config, weights }, backend, sizes) =>
        loadModel(architectureOf(config), weights, backend, sizes),
    });
  });
});
