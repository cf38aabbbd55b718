import { createCpuBackend } from "@krait/backend-cpu";
import { type Backend, opNames, UnsupportedOpError } from "@krait/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OpCase } from "./op-cases/op-case.ts";
import { opCases } from "./op-cases/op-cases.ts";
import { runStep } from "./step.ts";
import { type StepDifference, stepDifferences } from "./step-error.ts";

export interface OpTableOptions {
  /** What is right; `backend-cpu` unless given. */
  readonly reference?: () => Promise<Backend>;
}

/**
 * Registers a test for each row of the table: what a backend leaves in every value and state is within
 * the row's tolerance of what the reference leaves.
 *
 * A backend that refuses an op with {@link UnsupportedOpError} is skipped, with the reason, only where
 * the row stores weights, keys or values in a format that the backend does not list.
 */
export function runOpTable(
  createBackend: () => Promise<Backend>,
  { reference: createReference = createCpuBackend }: OpTableOptions = {},
): void {
  let backend: Backend;
  let reference: Backend;
  beforeAll(async () => {
    backend = await createBackend();
    reference = await createReference();
  });
  afterAll(async () => {
    await backend?.[Symbol.asyncDispose]();
    await reference?.[Symbol.asyncDispose]();
  });
  describe.each(opNames)("%s", (name) => {
    test.for(opCases.filter(({ op }) => op === name))("$name", async (opCase, context) => {
      const differences = await runOpCase(opCase, reference, backend).catch((error) => {
        const reason = skipReason(opCase, backend, error);
        if (reason !== undefined) context.skip(reason);
        throw error;
      });
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

/** Why a backend need not run a row that it refused; undefined when it must. */
export function skipReason({ program }: OpCase, backend: Backend, error: unknown): string | undefined {
  const pages = Object.values(program.states).filter(({ per }) => per === "page");
  const formats = [
    ...Object.values(program.weights).map(({ format }) => format),
    ...pages.map(({ dtype }) => dtype),
  ];
  const isListed = formats.every((format) => backend.weightFormats.includes(format));
  return error instanceof UnsupportedOpError && !isListed ? error.message : undefined;
}
