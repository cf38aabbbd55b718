import { createCpuBackend } from "@krait/backend-cpu";
import { buildProgram, type Op, type Program, quantize, SEGMENT_COLUMNS } from "@krait/tensor";
import { describe, expect, test } from "vitest";
import { compare } from "./compare.ts";
import { sourceOf } from "./op-cases/op-case.ts";
import { Random } from "./random.ts";
import type { StepInputs } from "./step.ts";
import { perturb, rewriteFeed, rewriteOps } from "./wrong-backend.ts";

const backend = await createCpuBackend();
const rows = 6;
const channels = 8;

/** Norm, convolution and product, one after the other. */
const program: Program = buildProgram("chain", (b) => {
  const token = b.resolveToken({
    token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
    slot: b.feed("slot", { shape: ["rows"], dtype: "i32" }),
    lastToken: b.state("lastToken", { per: "slot", count: 2, shape: [1], dtype: "i32" }),
  });
  const vector = (name: string) => b.weight(name, { shape: [channels], format: "f32" });
  const embedded = b.embed(token, b.weight("table", { shape: [rows, channels], format: "f32" }));
  const normalized = b.rmsNorm(embedded, vector("norm"), { epsilon: 1e-3 });
  const mixed = b.causalConv({
    input: normalized,
    weight: b.weight("conv", { shape: [channels, 3], format: "f32" }),
    kernelSize: 3,
    activation: "silu",
    segment: b.feed("segment", { shape: ["segments", SEGMENT_COLUMNS], dtype: "i32" }),
    window: b.state("window", { per: "slot", count: 2, shape: [channels, 2], dtype: "f32" }),
  });
  const matrix = b.weight("matrix", { shape: [channels, channels], format: "f32" });
  b.output("result", b.linear(mixed, matrix, { residual: embedded }));
});

const random = new Random(1);
const weights = Object.entries(program.weights).map(([name, { shape }]) => {
  const values = random.normal(shape.reduce((a, b) => a * b));
  return [name, sourceOf(quantize("f32", values))];
});

/** Rows 0 to 3 of slot 1; the last two rows are padding. */
const inputs: StepInputs = {
  extents: { rows, segments: 1, longestSegment: 4, context: 4, outputRows: 0 },
  weights: Object.fromEntries(weights),
  states: {},
  feeds: {
    token: Int32Array.of(0, 1, 2, 3, 4, 5),
    slot: Int32Array.of(1, 1, 1, 1, -1, -1),
    segment: Int32Array.of(0, 4, 1, 1, -1, -1),
  },
};

function wrong(name: Op["op"], change: object) {
  return rewriteOps(backend, (op) => (op.op === name ? ({ ...op, ...change } as Op) : op));
}

describe("compare", () => {
  test("finds nothing between two backends that agree", async () => {
    expect(await compare(program, inputs, backend, await createCpuBackend())).toBeUndefined();
  });

  test.each([
    ["rmsNorm", { epsilon: 0.1 }, 2, "rmsNorm"],
    ["causalConv", { activation: "relu2" }, 3, "causalConv"],
    ["linear", { activation: "relu2" }, 4, "linear"],
  ] as const)("names %s when it is wrong, and not the ops after it", async (op, change, index, name) => {
    const difference = await compare(program, inputs, backend, wrong(op, change));
    expect(difference).toMatchObject({ index, op, name });
    expect(difference!.error).toBeGreaterThan(1e-4);
  });

  test("names the op whose state is wrong though its values are right", async () => {
    const difference = await compare(program, inputs, backend, perturb(backend, "window"));
    expect(difference).toMatchObject({ index: 3, op: "causalConv", name: "window" });
  });

  test("takes a difference within the tolerance for none", async () => {
    const other = wrong("rmsNorm", { epsilon: 0.00101 });
    expect(await compare(program, inputs, backend, other)).toBeUndefined();
    expect(await compare(program, inputs, backend, other, { tolerance: 0 })).toMatchObject({ op: "rmsNorm" });
  });

  test("does not look at padding", async () => {
    const other = rewriteFeed(backend, "slot", (slots) => slots.fill(0, 4));
    expect(await compare(program, inputs, backend, other, { tolerance: 0 })).toBeUndefined();
    const whole = {
      ...inputs,
      extents: { ...inputs.extents, longestSegment: rows, context: rows },
      feeds: {
        ...inputs.feeds,
        slot: new Int32Array(rows).fill(1),
        segment: Int32Array.of(0, rows, 1, 1, -1, -1),
      },
    };
    const shorter = rewriteFeed(backend, "slot", (slots) => slots.fill(-1, 4));
    expect(await compare(program, whole, backend, shorter)).toMatchObject({ op: "resolveToken" });
  });
});
