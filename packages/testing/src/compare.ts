import type { Backend, Program } from "@krait/tensor";
import { runStep, type StepInputs } from "./step.ts";
import { type StepDifference, stepDifferences } from "./step-error.ts";

export interface CompareOptions {
  /** The largest error that counts as equal, as `differenceOf` measures it; 1e-8 unless given. */
  readonly tolerance?: number;
}

/**
 * Finds the first op where two backends part: runs one step of a Program on both, with every value
 * kept, and looks at what each op wrote, in order.
 *
 * Later ops compute with what earlier ones wrote, so only the first difference says which kernel to look at.
 *
 * @returns the first op whose value or state differs, and by how much; undefined when none does.
 */
export async function compare(
  program: Program,
  inputs: StepInputs,
  a: Backend,
  b: Backend,
  { tolerance = 1e-8 }: CompareOptions = {},
): Promise<StepDifference | undefined> {
  const want = await runStep(a, program, inputs);
  const got = await runStep(b, program, inputs);
  return stepDifferences(program, inputs, want, got).find(({ error }) => !(error <= tolerance));
}
