import { buildProgram, dequantize, type Format, quantize } from "@krait/tensor";
import { Random, runStep, sourceOf } from "@krait/testing";
import { expect, test } from "vitest";
import { withAdapter } from "../../test-support/adapter.ts";
import { type EmulatedConfig, emulatedMatrices } from "../../test-support/emulated-matrices.ts";
import { findAdapter } from "../adapter.ts";
import { CompileContext } from "../compile-context.ts";
import { kernelTraits } from "../device/kernel-traits.ts";
import { type MatrixUnits, matrixFeature, matrixUnits } from "../device/matrix-units.ts";
import { createWebGPUBackend, type WebGpuBackend } from "../index.ts";
import { weightFormats } from "../weights/weight-layout.ts";
import { launchesOf } from "./kernels.ts";

/** What adapters list: AMD's and NVIDIA's, Intel's, Mesa's software driver's, and Apple's. */
const configs = [
  { componentType: "f16", M: 16, N: 16, K: 16 },
  { componentType: "f16", M: 8, N: 16, K: 16 },
  { componentType: "f16", M: 8, N: 8, K: 8 },
  { componentType: "f32", M: 8, N: 8, K: 8 },
] as const satisfies readonly EmulatedConfig[];

const labelOf = ({ componentType, M, N, K }: EmulatedConfig): string => `${M}×${N}×${K} in ${componentType}`;

const extentsOf = (rows: number) => ({ rows, segments: 0, longestSegment: 0, context: 0, outputRows: 0 });

/** Rows of a table times a weight, with all that may follow a product. */
const programOf = (format: Format, rows: number, columns: number, outputs: number) =>
  buildProgram("matrices", (b) => {
    const token = b.resolveToken({
      token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
      slot: b.feed("slot", { shape: ["rows"], dtype: "i32" }),
      lastToken: b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" }),
    });
    const x = b.embed(token, b.weight("x", { shape: [rows, columns], format: "f32" }));
    const weight = b.weight("weight", { shape: [outputs, columns], format });
    const bias = b.weight("bias", { shape: [outputs], format: "f32" });
    b.output("y", b.linear(x, weight, { bias, activation: "relu2", residual: b.linear(x, weight) }));
  });

/** Mean square of the differences from sums in double precision, over mean square of those. */
async function errorOf(backend: WebGpuBackend, format: Format, rows: number, columns: number) {
  const outputs = 70;
  const program = programOf(format, rows, columns, outputs);
  const x = new Random(1).normal(rows * columns, 1);
  const bias = new Random(3).normal(outputs, 1);
  const stored = quantize(format, new Random(2).normal(outputs * columns, 0.05));
  const { values } = await runStep(backend, program, {
    extents: extentsOf(rows),
    weights: {
      x: sourceOf(quantize("f32", x)),
      bias: sourceOf(quantize("f32", bias)),
      weight: sourceOf(stored, stored.byteLength / outputs),
    },
    states: {},
    feeds: { token: Int32Array.from({ length: rows }, (_, row) => row), slot: new Int32Array(rows) },
  });
  const got = values[program.values[program.outputs.y!.value]!.name]!;
  const weight = dequantize(format, stored);
  let [difference, square] = [0, 0];
  for (let row = 0; row < rows; row++) {
    for (let output = 0; output < outputs; output++) {
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += weight[output * columns + c]! * x[row * columns + c]!;
      const right = Math.max(0, sum + bias[output]!) ** 2 + sum;
      difference += (right - got[row * outputs + output]!) ** 2;
      square += right ** 2;
    }
  }
  return difference / square;
}

/** The text for units of an adapter, and what it is compiled with. */
function kernelOf(format: Format, units: MatrixUnits): string {
  const program = programOf(format, 70, 512, 70);
  const features = { subgroups: true, byteDots: true, halves: true, matrices: units };
  const traits = { ...kernelTraits(false, features), variantOf: () => "matrices" as const };
  const context = new CompileContext(program, extentsOf(70), 2 ** 30, traits);
  const launches = program.ops.flatMap((op) => launchesOf(op, context));
  return launches.find(({ entryPoint }) => entryPoint === "linear_matrices")!.source;
}

test("products by matrix units are text that Dawn takes as it is, for every format", async () => {
  // Its backend that computes nothing has the extension, but no configurations to make pipelines for.
  const { create } = await import("webgpu");
  const gpu = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);
  const adapter = (await gpu.requestAdapter())!;
  const device = await adapter.requestDevice({
    requiredFeatures: ["subgroups", "shader-f16", matrixFeature],
  });
  const messages: string[] = [];
  for (const config of configs) {
    const subgroupMatrixConfigs = [{ ...config, resultComponentType: "f32" }];
    const info = { ...adapter.info, subgroupMaxSize: 32, subgroupMatrixConfigs };
    const units = matrixUnits(device, info, { subgroups: true, halves: true }, false)!;
    for (const format of weightFormats) {
      const module = device.createShaderModule({ code: kernelOf(format, units) });
      const found = (await module.getCompilationInfo()).messages;
      messages.push(...[...found].map(({ message }) => `${format}, ${labelOf(config)}: ${message}`));
    }
  }
  expect(messages).toEqual([]);
  device.destroy();
});

await withAdapter("products by emulated matrix units", () => {
  const cases = [
    [configs[0], "bf16", 70, 500],
    [configs[1], "q4_k", 12, 512],
    [configs[3], "f32", 40, 500],
  ] as const;

  test.for(cases.map((each) => [labelOf(each[0]), ...each] as const))(
    "by emulated matrix units of %s, products are right",
    async ([, config, format, rows, columns], context) => {
      const { features } = await findAdapter();
      if (!features.has("subgroups")) context.skip("this adapter has no subgroups");
      if (config.componentType === "f16" && !features.has("shader-f16")) {
        context.skip("this adapter has no shader-f16");
      }
      const adapter = await emulatedMatrices(config);
      await using backend = await createWebGPUBackend({ adapter, products: "matrices", selfTest: false });
      const error = await errorOf(backend, format, rows, columns);
      expect(backend.products.find((choice) => choice.rows === "many")!.variant).toBe("matrices");
      expect(error).toBeLessThan(config.componentType === "f16" ? 1e-6 : 1e-10);
      if (config.componentType === "f16") expect(error).toBeGreaterThan(1e-9); // it is not f32 that computed
    },
  );
});

await withAdapter("products by an adapter's own matrix units", () => {
  test("an adapter's own matrix units give right products, and the self-test finds them so", async (context) => {
    const hasUnits = (await findAdapter(true, true)).features.has(matrixFeature);
    if (!hasUnits) context.skip("this adapter gives no matrix units");
    for (const format of ["bf16", "q8_0", "q4_k"] as const) {
      const selfTest = format === "q8_0";
      await using backend = await createWebGPUBackend({ experimental: true, products: "matrices", selfTest });
      for (const rows of [12, 70]) expect(await errorOf(backend, format, rows, 512)).toBeLessThan(1e-6);
      const many = backend.products.find((choice) => choice.rows === "many");
      expect(many).toMatchObject({ variant: "matrices", wrong: [] });
    }
  }, 900_000); // Mesa's software driver takes half a minute to compile such a kernel
});
