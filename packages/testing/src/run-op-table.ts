import { type Backend, type Format, opNames, type Program, UnsupportedOpError } from "@krait/tensor";
import { describe, expect, type TestContext, test } from "vitest";
import type { OpCase } from "./op-cases/op-case.ts";
import { opCases } from "./op-cases/op-cases.ts";
import { runStep } from "./step.ts";
import { type StepDifference, stepDifferences } from "./step-error.ts";

/**
 * Registers a test for each row of the table: what a backend leaves in every value and state is within
 * the row's tolerance of what the reference leaves.
 *
 * A backend that refuses an op with {@link UnsupportedOpError} is skipped, with the reason, only where
 * the row stores weights, keys or values in a format that the backend does not list.
 */
export function runOpTable(
  createBackend: () => Promise<Backend>,
  createReference: () => Promise<Backend>,
): void {
  describe.each(opNames)("%s", (name) => {
    test.for(opCases.filter(({ op }) => op === name))("$name", async (opCase, context) => {
      const backend = await createBackend();
      const reference = await createReference();
      const differences = await runOpCase(opCase, reference, backend).catch((error) =>
        skipUnlisted(context, opCase, backend, error),
      );
      expect(differences.filter(({ error }) => !(error <= opCase.tolerance))).toEqual([]);
    });
  });
}

/** How far one row's values and states are from the reference's. */
export async function runOpCase(
  { program, inputs }: OpCase,
  reference: Backend,
  backend: Backend,
): Promise<StepDifference[]> {
  const got = await runStep(backend, program, inputs);
  const want = await runStep(reference, program, inputs);
  return stepDifferences(program, inputs, want, got);
}

function skipUnlisted(context: TestContext, { program }: OpCase, backend: Backend, error: unknown): never {
  const missing = storedFormats(program).filter((format) => !backend.weightFormats.includes(format));
  if (error instanceof UnsupportedOpError && missing.length > 0) context.skip(error.message);
  throw error;
}

function storedFormats({ weights, states }: Program): Format[] {
  const pages = Object.values(states).filter(({ per }) => per === "page");
  return [...Object.values(weights).map(({ format }) => format), ...pages.map(({ dtype }) => dtype)];
}
