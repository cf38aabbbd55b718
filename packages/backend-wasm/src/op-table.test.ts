import { runOpTable } from "@krait/testing";
import { onBuilds } from "../test-support/on-builds.ts";
import { createWasmBackend } from "./index.ts";

await onBuilds((build) => runOpTable(() => createWasmBackend({ build })));
