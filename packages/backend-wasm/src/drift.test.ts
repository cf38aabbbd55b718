import { architectureOf, loadModel } from "@krait/models";
import { describeDrift } from "@krait/testing";
import { createWasmBackend } from "./index.ts";

describeDrift(createWasmBackend, {
  load: ({ config, weights }, backend, sizes) => loadModel(architectureOf(config), weights, backend, sizes),
  tokens: 8_192,
});
