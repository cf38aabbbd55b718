import { runOpTable } from "@krait/testing";
import { describe } from "vitest";
import { onNative } from "../test-support/on-native.ts";
import { createNativeBackend } from "./index.ts";

await onNative((instructionSets) => {
  describe.each(instructionSets)("%s", (isa) => {
    runOpTable(() => createNativeBackend({ isa, threads: 2 }));
  });
});
