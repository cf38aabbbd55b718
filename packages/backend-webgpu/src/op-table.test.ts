import { runOpTable } from "@krait/testing";
import { withAdapter } from "../test-support/adapter.ts";
import { createWebGPUBackend } from "./index.ts";

await withAdapter("the op table", () => runOpTable(createWebGPUBackend));
