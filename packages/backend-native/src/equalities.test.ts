import { architectureOf, loadModel } from "@krait/models";
import { describeEqualities } from "@krait/testing";
import { onNative } from "../test-support/on-native.ts";
import { createNativeBackend } from "./index.ts";

// No kernel looks at the rows beside its own, so equal means the same bits here too.
await onNative(() =>
  describeEqualities(() => createNativeBackend({ threads: 3 }), {
    load: ({ config, weights }, backend, sizes) => loadModel(architectureOf(config), weights, backend, sizes),
    exact: true,
  }),
);
