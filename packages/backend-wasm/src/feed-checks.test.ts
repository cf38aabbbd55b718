import { createCpuBackend } from "@krait/backend-cpu";
import type { Backend } from "@krait/tensor";
import { opCases, runStep, type StepInputs } from "@krait/testing";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { createWasmBackend } from "./index.ts";

/** The code of the error that a step of a case ends with, "done" where it ends without. */
async function outcome(backend: Backend, name: number, inputs: StepInputs): Promise<string> {
  return await runStep(backend, opCases[name]!.program, inputs).then(
    () => "done",
    (error) => error.code ?? String(error),
  );
}

describe("what the reference refuses", () => {
  let reference: Backend;
  let backend: Backend;
  beforeAll(async () => {
    reference = await createCpuBackend();
    backend = await createWasmBackend();
  });

  const interesting = fc.oneof(
    fc.integer({ min: -3, max: 40 }),
    fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, 2 ** 20),
  );

  test("is refused here, and nothing else is: any feed of any op with one number changed", async () => {
    const withFeeds = opCases.flatMap(({ inputs }, index) =>
      Object.values(inputs.feeds).some(({ byteLength }) => byteLength > 0) ? [index] : [],
    );
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...withFeeds),
        fc.nat(),
        fc.nat(),
        interesting,
        async (index, feed, place, value) => {
          const { inputs } = opCases[index]!;
          const names = Object.keys(inputs.feeds).filter((name) => inputs.feeds[name]!.byteLength > 0);
          const name = names[feed % names.length]!;
          const changed = (inputs.feeds[name] as Int32Array).slice();
          changed[place % changed.length] = value;
          const corrupt = { ...inputs, feeds: { ...inputs.feeds, [name]: changed } };
          const want = await outcome(reference, index, corrupt);
          expect(await outcome(backend, index, corrupt)).toBe(want);
          if (want !== "done") refused++;
        },
      ),
      { numRuns: 600, seed: 3 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});
