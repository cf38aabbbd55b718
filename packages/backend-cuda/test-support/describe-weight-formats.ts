import { type Backend, buildProgram, dequantize, type Format, isScaled, quantize } from "@krait/tensor";
import { Random, randomBytes, runStep, sourceOf } from "@krait/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isInteger, weightFormats } from "../src/weights/weight-layout.ts";

const OUTPUTS = 70;
const TABLE_ROWS = 70;

/** Of the whole tensor, in formats that have one. */
const scaleOf = (format: Format): number => (isScaled(format) ? 0.375 : 1);

/** Rows of a table in f32, times a weight; and rows of the weight, looked up. */
function program(format: Format, rows: number, columns: number) {
  return buildProgram("formats", (b) => {
    const token = b.resolveToken({
      token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
      slot: b.feed("slot", { shape: ["rows"], dtype: "i32" }),
      lastToken: b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" }),
    });
    const weight = b.weight("weight", { shape: [OUTPUTS, columns], format });
    const x = b.embed(token, b.weight("x", { shape: [rows, columns], format: "f32" }));
    b.output("product", b.linear(x, weight));
    b.output("found", b.embed(token, weight));
  });
}

/** Errors of products and of rows that are looked up: mean square of the difference over that of what is right. */
async function errors(
  backend: Backend,
  format: Format,
  rows: number,
  columns: number,
  input: "whole numbers" | "any numbers",
): Promise<{ product: number; found: number }> {
  const random = new Random(rows);
  const x =
    input === "any numbers"
      ? random.normal(rows * columns)
      : // One of 127 in each 32: bytes of a scale of one hold them all.
        Float32Array.from({ length: rows * columns }, (_, i) =>
          (i % columns) % 32 === 7 ? 127 : random.integer(-126, 127),
        );
  const stored = randomBytes(format, OUTPUTS * columns, random);
  const scale = scaleOf(format);
  const weight = dequantize(format, stored, scale);
  const built = program(format, rows, columns);
  const source = (bytes: Uint8Array, parts: number) => sourceOf(bytes, bytes.byteLength / parts);
  const { values } = await runStep(backend, built, {
    extents: { rows, segments: 0, longestSegment: 0, context: 0, outputRows: 0 },
    weights: { x: source(quantize("f32", x), rows), weight: { ...source(stored, OUTPUTS), scale } },
    states: {},
    feeds: { token: Int32Array.from({ length: rows }, (_, row) => row), slot: new Int32Array(rows) },
  });
  const of = (name: string) => values[built.values[built.outputs[name]!.value]!.name]!;
  const product = Float64Array.from({ length: rows * OUTPUTS }, (_, i) => {
    const [row, output] = [Math.floor(i / OUTPUTS), i % OUTPUTS];
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += weight[output * columns + c]! * x[row * columns + c]!;
    return sum;
  });
  return {
    product: relativeSquare(of("product"), product),
    found: relativeSquare(of("found"), Float64Array.from(weight.subarray(0, rows * columns))),
  };
}

function relativeSquare(got: ArrayLike<number>, want: Float64Array): number {
  const square = want.reduce((sum, value) => sum + value * value, 0);
  return want.reduce((sum, value, i) => sum + (value - got[i]!) ** 2, 0) / square;
}

/** Registers tests of every weight format, on any GPU. */
export function describeWeightFormats(createBackend: () => Promise<Backend>): void {
  let backend: Backend;
  beforeAll(async () => {
    backend = await createBackend();
  });
  afterAll(() => backend[Symbol.asyncDispose]());

  test.each(weightFormats)(
    "%s: rows are the values it stands for, and few rows are multiplied by them",
    async (format) => {
      for (const rows of [1, 3, 8]) {
        const { product, found } = await errors(backend, format, rows, 512, "whole numbers");
        expect([rows, found < 1e-12, product < 1e-10]).toEqual([rows, true, true]);
      }
    },
  );

  test.each(weightFormats)(
    "%s: few rows lose no more than activations of eight bits lose",
    async (format) => {
      for (const rows of [1, 5]) {
        const { product } = await errors(backend, format, rows, 768, "any numbers");
        expect(product).toBeLessThan(isInteger(format) ? 7e-5 : 1e-10);
      }
    },
  );

  test.each(weightFormats)(
    "%s: many rows lose no more than f16 loses, and dtypes nothing",
    async (format) => {
      const bound = format === "f32" || format === "f16" || format === "bf16" ? 1e-10 : 1e-6;
      for (const rows of [12, TABLE_ROWS]) {
        const { product } = await errors(backend, format, rows, 512, "any numbers");
        expect(product).toBeLessThan(bound);
      }
    },
  );

  test.each([
    ["nvfp4", 48],
    ["fp8_e4m3", 37],
    ["q5_0", 32],
    ["q8_0", 1120],
    ["q4_0", 8512],
  ] as const)(
    "%s: rows of %i values end within a kernel's tiles, or take several",
    async (format, columns) => {
      for (const rows of [1, 4, 12]) {
        const { product, found } = await errors(backend, format, rows, columns, "whole numbers");
        expect([rows, found < 1e-12, product < 1e-6]).toEqual([rows, true, true]);
      }
    },
  );
}
