import { createCpuBackend } from "@krait/backend-cpu";
import { type OpName, opNames, UnsupportedOpError } from "@krait/tensor";
import { describe, expect, test } from "vitest";
import { opCases } from "./op-cases/op-cases.ts";
import { runOpTable, skipReason } from "./run-op-table.ts";
import { wrapBackend } from "./wrong-backend.ts";

test("every op has cases", () => {
  const covered = new Set(opCases.map(({ op }) => op));
  expect(opNames.filter((name) => !covered.has(name))).toEqual([]);
});

describe("the chunked scan against the recurrence", () => {
  runOpTable(() => createCpuBackend({ scan: "chunked" }));
});

describe("a row of the table is skipped", () => {
  const cpu = createCpuBackend();
  const unsupported = (format: string) =>
    new UnsupportedOpError({ op: "linear", backend: "other", formats: [format], supported: ["f32"] });
  const rowWith = (op: OpName, part: string) =>
    opCases.find((row) => row.op === op && row.name.includes(part))!;
  const f32Only = async () => wrapBackend(await cpu, { weightFormats: ["f32"] });

  test("where the backend refuses a format that it does not list, with its reason", async () => {
    for (const row of [rowWith("linear", "f16"), rowWith("attention", "f16")]) {
      expect(skipReason(row, await f32Only(), unsupported("f16"))).toContain(
        'cannot run op "linear" for f16',
      );
    }
  });

  test("but not where it lists all formats of the row, or fails otherwise", async () => {
    expect(skipReason(rowWith("linear", "f32"), await f32Only(), unsupported("f32"))).toBeUndefined();
    expect(skipReason(rowWith("linear", "f16"), await cpu, unsupported("f16"))).toBeUndefined();
    expect(skipReason(rowWith("linear", "f16"), await f32Only(), new Error("broken"))).toBeUndefined();
  });
});
