import { architectureOf, loadModel } from "@krait/models";
import { describeGolden } from "@krait/testing";
import { createWasmBackend } from "./index.ts";

describeGolden(createWasmBackend, {
  load: ({ config, weights }, backend, sizes) => loadModel(architectureOf(config), weights, backend, sizes),
});
