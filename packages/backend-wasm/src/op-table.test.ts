import { runOpTable } from "@krait/testing";
import { createWasmBackend } from "./index.ts";

runOpTable(createWasmBackend);
