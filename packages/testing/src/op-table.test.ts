import { createCpuBackend } from "@krait/backend-cpu";
import { opNames } from "@krait/tensor";
import { describe, expect, test } from "vitest";
import { opCases } from "./op-cases/op-cases.ts";
import { runOpTable } from "./run-op-table.ts";

test("every op has cases", () => {
  const covered = new Set(opCases.map(({ op }) => op));
  expect(opNames.filter((name) => !covered.has(name))).toEqual([]);
});

describe("the chunked scan against the recurrence", () => {
  runOpTable(() => createCpuBackend({ scan: "chunked" }), createCpuBackend);
});
