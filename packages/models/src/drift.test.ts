import { createCpuBackend } from "@krait/backend-cpu";
import { describeDrift } from "@krait/testing";
import { architectureOf } from "./architecture.ts";
import { loadModel } from "./load-model.ts";

describeDrift(createCpuBackend, {
  load: ({ config, weights }, backend, sizes) => loadModel(architectureOf(config), weights, backend, sizes),
  tokens: 8_192,
});
