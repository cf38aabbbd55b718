import { buildProgram, dequantize, type Format, quantize } from "@krait/tensor";
import { Random, runStep, sourceOf } from "@krait/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withAdapter } from "../../test-support/adapter.ts";
import { createWebGPUBackend, type WebGpuBackend } from "../index.ts";
import { weightFormats } from "./weight-layout.ts";

const OUTPUTS = 70;
const COLUMNS = 512;

/** Rows of a table in f32, times a weight; and rows of the weight, looked up. */
function program(format: Format, rows: number) {
  return buildProgram("formats", (b) => {
    const token = b.resolveToken({
      token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
      slot: b.feed("slot", { shape: ["rows"], dtype: "i32" }),
      lastToken: b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" }),
    });
    const weight = b.weight("weight", { shape: [OUTPUTS, COLUMNS], format });
    const x = b.embed(token, b.weight("x", { shape: [rows, COLUMNS], format: "f32" }));
    b.output("product", b.linear(x, weight));
    b.output("found", b.embed(token, weight));
  });
}

async function check(backend: WebGpuBackend, format: Format, rows: number): Promise<void> {
  const random = new Random(rows);
  const x = random.normal(rows * COLUMNS);
  const stored = quantize(format, random.normal(OUTPUTS * COLUMNS, 0.05));
  const weight = dequantize(format, stored);
  const built = program(format, rows);
  const { values } = await runStep(backend, built, {
    extents: { rows, segments: 0, longestSegment: 0, context: 0, outputRows: 0 },
    weights: { x: sourceOf(quantize("f32", x)), weight: sourceOf(stored, stored.byteLength / OUTPUTS) },
    states: {},
    feeds: { token: Int32Array.from({ length: rows }, (_, row) => row), slot: new Int32Array(rows) },
  });
  const of = (name: string) => values[built.values[built.outputs[name]!.value]!.name]!;
  const products = Float32Array.from({ length: rows * OUTPUTS }, (_, i) => {
    const [row, output] = [Math.floor(i / OUTPUTS), i % OUTPUTS];
    let sum = 0;
    for (let c = 0; c < COLUMNS; c++) sum += weight[output * COLUMNS + c]! * x[row * COLUMNS + c]!;
    return sum;
  });
  expect(relativeSquare(of("product"), products)).toBeLessThan(1e-10);
  expect(relativeSquare(of("found"), weight.subarray(0, rows * COLUMNS))).toBeLessThan(1e-12);
}

/** Mean square of the difference over mean square of what is right. */
function relativeSquare(got: ArrayLike<number>, want: Float32Array): number {
  const square = want.reduce((sum, value) => sum + value * value, 0);
  return want.reduce((sum, value, i) => sum + (value - got[i]!) ** 2, 0) / square;
}

await withAdapter("weight formats", () => {
  let backend: WebGpuBackend;
  let split: WebGpuBackend;
  beforeAll(async () => {
    backend = await createWebGPUBackend();
    split = await createWebGPUBackend({ maxBufferBytes: 40_000 });
  });
  afterAll(async () => {
    await backend[Symbol.asyncDispose]();
    await split[Symbol.asyncDispose]();
  });

  const cases = [
    ...weightFormats.map((format) => [format, 12] as const),
    ...(["q8_0", "q4_k", "mxfp4"] as const).map((format) => [format, 1] as const),
  ];
  test.each(cases)(
    "%s: products and rows are those of the values it stands for, with %i rows",
    async (format, rows) => await check(backend, format, rows),
  );

  test.each([1, 12])("a weight in several buffers is one weight, with %i rows", async (rows) => {
    await check(split, "bf16", rows);
    expect(split.weightBytes({ shape: [OUTPUTS, COLUMNS], format: "bf16" })).toBe(2 * OUTPUTS * COLUMNS);
  });
});
