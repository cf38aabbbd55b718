import { describeFormats } from "@krait/testing";
import { onBuilds } from "../test-support/on-builds.ts";
import { weightFormats } from "./held.ts";
import { createWasmBackend } from "./index.ts";

await onBuilds((build) =>
  describeFormats(() => createWasmBackend({ build, threads: 2 }), {
    formats: weightFormats,
    createAlone: () => createWasmBackend({ build, threads: 1 }),
  }),
);
