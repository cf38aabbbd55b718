import type { SsmScan } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { type StateParts, stateParts } from "../state-parts.ts";

/** The state of a scan, behind the other bindings of its kernels. */
export function recurrentParts(op: SsmScan, at: CompileContext): StateParts {
  return stateParts(op.recurrent, at, { name: "recurrent", access: "write", type: "f32", firstBinding: 7 });
}
