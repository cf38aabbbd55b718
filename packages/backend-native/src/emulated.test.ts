import { describeFormats, runOpTable } from "@krait/testing";
import { describe, test } from "vitest";
import { buildEmulatedAddon } from "../test-support/emulation/build.ts";
import { createNativeBackend } from "./index.ts";
import { weightFormats } from "./weight.ts";

// Few machines have these instructions, and many users do: here they are emulated, one by one.
const addon = await buildEmulatedAddon();

if (addon === undefined) {
  test.skip("needs Linux on x64 and a C compiler, for kernels whose instructions are emulated");
} else {
  process.env.KRAIT_NATIVE_ADDON = addon;
  describe.each(["avx512", "amx"] as const)("%s, emulated", (isa) => {
    describe("the op table", () => runOpTable(() => createNativeBackend({ isa, threads: 2 })));
    describe("formats", () => {
      describeFormats(() => createNativeBackend({ isa, threads: 2 }), {
        formats: weightFormats,
        // Tiles of AMX give the bits of AVX-512.
        createAlone: () => createNativeBackend({ isa: "avx512", threads: 1 }),
      });
    });
  });
}
