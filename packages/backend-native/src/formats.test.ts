import { describeFormats } from "@krait/testing";
import { describe } from "vitest";
import { onNative } from "../test-support/on-native.ts";
import { createNativeBackend } from "./index.ts";
import { weightFormats } from "./weight.ts";

await onNative((instructionSets) => {
  describe.each(instructionSets)("%s", (isa) => {
    describeFormats(() => createNativeBackend({ isa, threads: 2 }), {
      formats: weightFormats,
      createAlone: () => createNativeBackend({ isa, threads: 1 }),
    });
  });
});
