import { architectureOf, loadModel } from "@krait/models";
import { describeEqualities } from "@krait/testing";
import { createNativeBackend } from "./index.ts";

// No kernel looks at the rows beside its own, so equal means the same bits here too.
await describeEqualities(createNativeBackend, {
  load: ({ config, weights }, backend, sizes) => loadModel(architectureOf(config), weights, backend, sizes),
  exact: true,
});
