import { buildProgram, dequantize, type Format, quantize } from "@krait/tensor";
import { Random, runStep, sourceOf } from "@krait/testing";
import { expect, test } from "vitest";
import { withAdapter } from "../../test-support/adapter.ts";
import { findAdapter, languageFeatures } from "../adapter.ts";
import { createWebGPUBackend, type WebGpuBackend } from "../index.ts";

const OUTPUTS = 70;
const COLUMNS = 512;

/** Rows of a table, normalized or not, times a weight. */
const program = (format: Format, rows: number) =>
  buildProgram("variants", (b) => {
    const token = b.resolveToken({
      token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
      slot: b.feed("slot", { shape: ["rows"], dtype: "i32" }),
      lastToken: b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" }),
    });
    const x = b.embed(token, b.weight("x", { shape: [rows, COLUMNS], format: "f32" }));
    const weight = b.weight("weight", { shape: [OUTPUTS, COLUMNS], format });
    const normed = b.rmsNorm(x, b.weight("norm", { shape: [COLUMNS], format: "f32" }), { epsilon: 1e-5 });
    b.output("product", b.linear(normed, weight));
    b.output("direct", b.linear(x, weight, { residual: b.linear(x, weight) }));
  });

/** Mean square of the differences from sums in double precision, over mean square of those. */
async function errors(backend: WebGpuBackend, format: Format, x: Float32Array) {
  const rows = x.length / COLUMNS;
  const stored = quantize(format, new Random(2).normal(OUTPUTS * COLUMNS, 0.05));
  const built = program(format, rows);
  const { values } = await runStep(backend, built, {
    extents: { rows, segments: 0, longestSegment: 0, context: 0, outputRows: 0 },
    weights: {
      x: sourceOf(quantize("f32", x)),
      norm: sourceOf(quantize("f32", new Float32Array(COLUMNS).fill(1))),
      weight: sourceOf(stored, stored.byteLength / OUTPUTS),
    },
    states: {},
    feeds: { token: Int32Array.from({ length: rows }, (_, row) => row), slot: new Int32Array(rows) },
  });
  const weight = dequantize(format, stored);
  const want = Float64Array.from({ length: rows * OUTPUTS }, (_, i) => {
    const [row, output] = [Math.floor(i / OUTPUTS), i % OUTPUTS];
    let sum = 0;
    for (let c = 0; c < COLUMNS; c++) sum += weight[output * COLUMNS + c]! * x[row * COLUMNS + c]!;
    return sum;
  });
  const errorOf = (name: string, factor: (row: number) => number) => {
    const got = values[built.values[built.outputs[name]!.value]!.name]!;
    let [difference, square] = [0, 0];
    for (const [i, value] of want.entries()) {
      const right = value * factor(Math.floor(i / OUTPUTS));
      difference += (got[i]! - right) ** 2;
      square += right ** 2;
    }
    return difference / square;
  };
  const norm = (row: number): number => {
    const own = x.subarray(row * COLUMNS, (row + 1) * COLUMNS);
    return 1 / Math.sqrt(own.reduce((sum, value) => sum + value * value, 0) / COLUMNS + 1e-5);
  };
  return { normed: errorOf("product", norm), direct: errorOf("direct", () => 2) };
}

/** Of each row that is scaled by another power of ten, which f16 would not hold by itself. */
const wide = (random: Random, rows: number) =>
  random.normal(rows * COLUMNS, 1).map((value, i) => value * 10 ** (3 * (Math.floor(i / COLUMNS) % 5) - 3));

/** All that is read in different ways: bytes, and nibbles with none, one and two bits beside them. */
const formats = ["q8_0", "q2_k", "q5_1", "q6_k"] as const;

/** Whole numbers up to 127, one of them in each block of 32, of which bytes lose nothing. */
const whole = (random: Random, rows: number) =>
  Float32Array.from({ length: rows * COLUMNS }, (_, i) => (i % 32 === 7 ? 127 : random.integer(-126, 127)));

await withAdapter("products in bytes", async () => {
  const language = await languageFeatures();
  const hasBytes = language.has("packed_4x8_integer_dot_product");

  test.for(formats)("of one, a few and many rows with %s are right", async (format, context) => {
    if (!hasBytes) context.skip("this WebGPU has no dot products of bytes");
    await using backend = await createWebGPUBackend({ products: "bytes" });
    for (const rows of [1, 3, 12]) {
      const exact = await errors(backend, format, whole(new Random(rows), rows));
      expect(Math.max(exact.normed, exact.direct)).toBeLessThan(1e-10);
      const rounded = await errors(backend, format, new Random(rows).normal(rows * COLUMNS, 3));
      expect(Math.max(rounded.normed, rounded.direct)).toBeLessThan(5e-5);
      expect(Math.max(rounded.normed, rounded.direct)).toBeGreaterThan(1e-6); // it is not f32 that computed
    }
    expect(backend.products.map(({ rows, variant }) => [rows, variant])).toEqual([
      ["one", "bytes"],
      ["few", "bytes"],
      ["many", "bytes"],
    ]);
  });

  test("are chosen where they are measured to be faster, once for a format", async (context) => {
    if (!hasBytes) context.skip("this WebGPU has no dot products of bytes");
    const reasons: string[] = [];
    await using backend = await createWebGPUBackend({
      products: "measured",
      onChoice: (reason) => reasons.push(reason),
    });
    const largest = { rows: 12, segments: 0, longestSegment: 0, context: 0, outputRows: 0 };
    await Promise.all([1, 2].map(() => backend.compile(program("q8_0", 12), { largest })));
    expect(backend.products.map(({ format, rows }) => [format, rows])).toEqual([
      ["q8_0", "one"],
      ["q8_0", "few"],
      ["q8_0", "many"],
    ]);
    for (const { variant, seconds } of backend.products) {
      expect(Object.keys(seconds)).toEqual(expect.arrayContaining(["f32", "bytes"]));
      expect(seconds[variant]).toBe(Math.min(...Object.values(seconds)));
    }
    expect(reasons).toHaveLength(3);
    expect(reasons[0]).toMatch(
      /^Products of one row with q8_0 compute in (f32|bytes) \(f32 \d+ µs, bytes \d+ µs\)\.$/,
    );
    expect(backend.counters).toMatchObject({ buffers: 0, allocatedBytes: 0 });

    await using plain = await createWebGPUBackend({ products: "measured" });
    await plain.compile(program("f32", 12), { largest });
    expect(plain.products.map(({ variant, seconds }) => [variant, seconds])).toEqual(
      [1, 2, 3].map(() => ["f32", {}]),
    );
  });

  test("are not measured any further once a load is aborted", async (context) => {
    if (!hasBytes) context.skip("this WebGPU has no dot products of bytes");
    const controller = new AbortController();
    await using backend = await createWebGPUBackend({
      products: "measured",
      onChoice: () => controller.abort(new Error("enough")),
    });
    const largest = { rows: 12, segments: 0, longestSegment: 0, context: 0, outputRows: 0 };
    const { signal } = controller;
    await expect(backend.compile(program("q8_0", 12), { largest, signal })).rejects.toThrow("enough");
    expect(backend.products.map(({ rows }) => rows)).toEqual(["one"]);
    expect(backend.counters).toMatchObject({ buffers: 0, allocatedBytes: 0 });
  });
});

await withAdapter("products in f16", async () => {
  const adapter = await findAdapter();

  test("of many rows are right", async (context) => {
    if (!adapter.features.has("shader-f16")) context.skip("this adapter has no shader-f16");
    await using backend = await createWebGPUBackend({ products: "f16" });
    const { normed, direct } = await errors(backend, "bf16", wide(new Random(3), 12));
    expect(Math.max(normed, direct)).toBeLessThan(1e-6);
    expect(Math.min(normed, direct)).toBeGreaterThan(1e-9); // it is not f32 that computed
    expect(backend.products.map(({ rows, variant }) => [rows, variant])).toEqual([
      ["one", "f32"],
      ["few", "f32"],
      ["many", "f16"],
    ]);
  });
});
