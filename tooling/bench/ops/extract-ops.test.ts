import { architectureOf, resolveModelOptions } from "@krait/models";
import type { Program } from "@krait/tensor";
import { readConfig } from "@krait/testing";
import { expect, test } from "vitest";
import { extractOps } from "./extract-ops.ts";

const forward = forwardOf9B();

test.each(["linear", "ssmScan", "attention", "writeKv", "gatherRows", "rmsNorm"] as const)(
  "a Program of every %s of a model is valid, and has them as they were",
  (name) => {
    const wanted = forward.ops.filter(({ op }) => op === name);
    // Validation is the test: shapes, order of writing, nothing declared in vain.
    const { ops } = extractOps(forward, wanted);
    const shapeOf = (op: object) => JSON.stringify(op).replaceAll(/"value":\d+/g, "");
    expect(ops.slice(-wanted.length).map(shapeOf)).toEqual(wanted.map(shapeOf));
  },
);

test("what is subtracted looks up the same inputs and does nothing else", () => {
  const wanted = forward.ops.filter(({ op }) => op === "gatedGroupNorm");
  const all = extractOps(forward, wanted).ops.map(({ op }) => op);
  const base = extractOps(forward, [], wanted).ops.map(({ op }) => op);
  expect(all).toEqual([...base, ...wanted.map(({ op }) => op)]);
});

function forwardOf9B(): Program {
  const architecture = architectureOf(readConfig("NVIDIA-Nemotron-Nano-9B-v2"));
  const { program } = resolveModelOptions(architecture, { kvDtype: "f16" }, {}, { maxContext: 4096 });
  return architecture.programs(program).forward;
}
