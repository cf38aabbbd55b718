import { UnsupportedOpError } from "../errors.ts";
import type { DType, Format } from "../format.ts";
import { type Op, opNames } from "../ops/op.ts";
import type { Program } from "../program.ts";

/** States that are not f32, by the op's field. */
const stateFormats: Readonly<Record<string, readonly DType[]>> = {
  keys: ["f32", "f16", "bf16"],
  values: ["f32", "f16", "bf16"],
  lastToken: ["i32"],
  count: ["i32"],
  pageTable: ["i32"],
};

/**
 * For a backend that has every op, keeps its states in f32, and keys and values in any float.
 *
 * @param weightFormats - the stored formats that it multiplies by.
 * @throws {UnsupportedOpError} for the first op, weight format or state dtype that it does not have.
 */
export function checkSupported(program: Program, backend: string, weightFormats: readonly Format[]): void {
  const check = (op: Op, format: Format | undefined, supported: readonly Format[]) => {
    // What is not declared at all is for `validate` to say.
    if (format === undefined || supported.includes(format)) return;
    throw new UnsupportedOpError({ op: op.op, backend, formats: [format], supported });
  };
  for (const op of program.ops) {
    if (!opNames.includes(op.op)) {
      throw new UnsupportedOpError({ op: (op as Op).op, backend, formats: [], supported: [] });
    }
    for (const [field, reference] of Object.entries(op) as [string, unknown][]) {
      if (typeof reference !== "object" || reference === null) continue;
      if ("weight" in reference) check(op, program.weights[String(reference.weight)]?.format, weightFormats);
      if ("state" in reference) {
        check(op, program.states[String(reference.state)]?.dtype, stateFormats[field] ?? ["f32"]);
      }
    }
  }
}
