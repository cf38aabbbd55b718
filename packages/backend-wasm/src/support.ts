import { type DType, type Format, type Op, opNames, type Program, UnsupportedOpError } from "@krait/tensor";
import { weightFormats } from "./weight.ts";

/** States that are not f32, by the op's field. */
const stateFormats: Readonly<Record<string, readonly DType[]>> = {
  keys: ["f32", "f16", "bf16"],
  values: ["f32", "f16", "bf16"],
  lastToken: ["i32"],
  count: ["i32"],
  pageTable: ["i32"],
};

/** @throws {UnsupportedOpError} for the first op, weight format or state dtype that there is no kernel for. */
export function checkSupported(program: Program): void {
  for (const op of program.ops) {
    if (!opNames.includes(op.op)) {
      throw new UnsupportedOpError({ op: (op as Op).op, backend: "wasm", formats: [], supported: [] });
    }
    for (const [field, reference] of Object.entries(op) as [string, unknown][]) {
      if (typeof reference !== "object" || reference === null) continue;
      if ("weight" in reference) check(op, program.weights[String(reference.weight)]?.format, weightFormats);
      if ("state" in reference) {
        check(op, program.states[String(reference.state)]?.dtype, stateFormats[field] ?? ["f32"]);
      }
    }
  }

  function check(op: Op, format: Format | undefined, supported: readonly Format[]): void {
    // What is not declared at all is for `validate` to say.
    if (format === undefined || supported.includes(format)) return;
    throw new UnsupportedOpError({ op: op.op, backend: "wasm", formats: [format], supported });
  }
}
