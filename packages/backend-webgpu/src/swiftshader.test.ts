import { createCpuBackend } from "@krait/backend-cpu";
import { opNames } from "@krait/tensor";
import { opCases, runStep, stepDifferences } from "@krait/testing";
import { describe, expect, test } from "vitest";
import { findSwiftShader } from "../test-support/swiftshader.ts";
import { createWebGPUBackend, type WebGpuBackend } from "./index.ts";

// Drivers disagree usefully: this one has other subgroups and smaller workgroups than Mesa's. It is slow to
// compile, so that each op has one row of the table here, and the scan one for each of its forms.
const cases = opNames.flatMap((name) => {
  const own = opCases.filter(({ op }) => op === name);
  return name === "ssmScan" ? own.slice(0, 2) : own.slice(0, 1);
});

const driver = findSwiftShader();
// Read by Vulkan's loader when a first adapter is asked for, and this file has a process of its own.
if (driver !== undefined) Object.assign(process.env, { VK_ICD_FILENAMES: driver, VK_DRIVER_FILES: driver });

const backend: WebGpuBackend | undefined =
  driver === undefined ? undefined : await createWebGPUBackend().catch(() => undefined);

if (backend === undefined) {
  describe("the op table on SwiftShader", () => {
    test.skip("needs the driver that comes with Chromium", () => {});
  });
} else {
  test.each(cases)("on SwiftShader $op is what the reference gives: $name", async (opCase) => {
    await using reference = await createCpuBackend();
    const got = await runStep(backend, opCase.program, opCase.inputs);
    const want = await runStep(reference, opCase.program, opCase.inputs);
    const differences = stepDifferences(opCase.program, opCase.inputs, want, got);
    expect(differences.filter(({ error }) => !(error <= opCase.tolerance))).toEqual([]);
  });

  test("on SwiftShader it was SwiftShader", async () => {
    const adapter = await (await import("./adapter.ts")).findAdapter();
    expect(`${adapter.info.device} ${adapter.info.description}`).toMatch(/swiftshader/i);
    await backend[Symbol.asyncDispose]();
  });
}
