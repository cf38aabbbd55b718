import { describeWeightFormats } from "../../test-support/describe-weight-formats.ts";
import { withEmulator } from "../../test-support/with-emulator.ts";
import { createCudaBackend } from "../index.ts";

await withEmulator("weight formats", ({ library }) =>
  describeWeightFormats(() => createCudaBackend({ library })),
);
