import { runOpTable } from "@krait/testing";
import { createNativeBackend } from "./index.ts";

runOpTable(createNativeBackend);
