import { architectureOf, loadModel } from "@krait/models";
import { describeDrift } from "@krait/testing";
import { onNative } from "../test-support/on-native.ts";
import { createNativeBackend } from "./index.ts";

await onNative(() =>
  describeDrift(createNativeBackend, {
    load: ({ config, weights }, backend, sizes) => loadModel(architectureOf(config), weights, backend, sizes),
    tokens: 32_768,
  }),
);
