import { runOpTable } from "@krait/testing";
import { withEmulator } from "../test-support/with-emulator.ts";
import { createCudaBackend } from "./index.ts";

await withEmulator("the op table", ({ library }) => runOpTable(() => createCudaBackend({ library })));
