import { describe, expect, test } from "vitest";
import type { Op } from "./ops/op.ts";
import { Program } from "./program.ts";
import { buildProgram } from "./program-builder.ts";
import { validate } from "./validate.ts";

const good = buildProgram("model", (b) => {
  const logits = b.state("logits", { per: "outputRow", count: 1, shape: [4], dtype: "f32" });
  const { logits: largest } = b.topK(logits, { count: 4 });
  const normed = b.rmsNorm(largest, b.weight("norm", { shape: [4], format: "f32" }), { epsilon: 0 });
  b.output("normed", normed);
});
const [topK, rmsNorm] = good.ops as [Op, Op & { op: "rmsNorm" }];

const changed = (parts: Partial<Program>) => new Program({ ...good, ...parts });

describe("validate", () => {
  test("accepts what the builder made", () => {
    validate(good);
  });

  test.each<[string, Partial<Program>, string]>([
    [
      "a value that is read before it is written",
      { ops: [rmsNorm, topK] },
      'Program "model", op #0 rmsNorm: reads "topK.logits" before any op has written it',
    ],
    [
      "a value that is written twice",
      { ops: [topK, rmsNorm, rmsNorm] },
      'Program "model", op #2 rmsNorm: writes "rmsNorm", which an earlier op wrote',
    ],
    [
      "an op that writes a part of a value",
      {
        values: good.values.map((value) => (value.name === "rmsNorm" ? { ...value, columns: 5 } : value)),
      },
      'Program "model", op #1 rmsNorm: writes a part of "rmsNorm"; ops write whole values',
    ],
    [
      "a shape that does not fit",
      { weights: { norm: { shape: [3], format: "f32" } } },
      'Program "model", op #1 rmsNorm: weight: weight "norm" has shape [3], expected [4]',
    ],
    [
      "an output that is never written",
      { ops: [topK], weights: {} },
      'Program "model": output "normed" is never written',
    ],
    [
      "a weight that nobody uses",
      { weights: { ...good.weights, spare: { shape: [1], format: "f32" } } },
      'Program "model": weight "spare" is never used',
    ],
  ])("refuses %s", (_, parts, message) => {
    expect(() => validate(changed(parts))).toThrow(message);
    expect(() => validate(changed(parts))).toThrow(expect.objectContaining({ code: "PROGRAM_INVALID" }));
  });

  test.each(["teleport", "toString"])("refuses the op %s, which is none", (op) => {
    const ops = [topK, { ...rmsNorm, op } as unknown as Op];
    expect(() => validate(changed({ ops }))).toThrow(`op #1 ${op}: is not an op; the ops are resolveToken, `);
  });
});
