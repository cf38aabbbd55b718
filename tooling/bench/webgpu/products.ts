import { createWebGPUBackend, type ProductChoice, type WebGpuBackend } from "@krait/backend-webgpu";
import { buildProgram, byteLength, type Extents, type Format, type Program } from "@krait/tensor";
import { Random } from "@krait/testing";
import { type Figure, figure } from "../figure.ts";
import { inTurn, type Measurement, median, medianRatio } from "../paired.ts";
import { RandomWeights } from "../random-model/random-weights.ts";
import type { SuiteOptions } from "../suite.ts";
import { requestAdapter } from "./adapter.ts";
import type { BareDevice } from "./bare-device.ts";
import { type Ceilings, shader } from "./ceilings.ts";

interface Size {
  readonly outputs: number;
  readonly columns: number;
  readonly rows: number;
}

const ROUNDS = 5;

/** The formats whose products are measured beside a naive kernel, which has its weight in f32 always. */
const comparedFormats: readonly Format[] = ["f32", "bf16", "q8_0", "q4_0"];

/**
 * The kernels of the matrix product, in bytes or operations a second: beside the first kernel that one
 * writes, then in every form that a format has.
 */
export async function* measureProducts(
  bare: BareDevice,
  ceilings: Ceilings,
  formats: readonly Format[],
  note: SuiteOptions["note"],
): AsyncGenerator<Figure> {
  for (const variant of ["f32", "bytes", "f16", "matrices"] as const) {
    const adapter = await requestAdapter(variant === "matrices");
    await using backend = await createWebGPUBackend({ adapter, products: variant });
    // On a processor a step of a real layer's size would take seconds.
    const few = backend.software ? { outputs: 2048, columns: 2048 } : { outputs: 15_680, columns: 4480 };
    const many = backend.software ? { outputs: 1024, columns: 1024, rows: 64 } : { ...few, rows: 512 };
    if (variant === "f32") {
      yield* compareWithNaive(backend, bare, { ...few, rows: 1 }, 2);
      yield* compareWithNaive(backend, bare, many, 4);
    }
    for (const format of formats) {
      if (!(await isOffered(backend, format, variant))) {
        note(`Products with ${format} in ${variant}: not offered here`);
        continue;
      }
      const fewest = backend.software ? [1, 4] : [1, 4, 8];
      for (const rows of variant === "f16" || variant === "matrices" ? [] : fewest) {
        const size = { ...few, rows };
        const seconds = await secondsOf(backend, size, format);
        const bytes = byteLength({ shape: [size.outputs, size.columns], format });
        yield figure({
          name: `${labelOf(size)}.${format}.${variant}`,
          value: bytes / seconds / 1e9,
          unit: "GB/s",
          milliseconds: 1000 * seconds,
          peer: { value: ceilings.copy / 1e9, name: "copy" },
        });
      }
      const seconds = await secondsOf(backend, many, format);
      yield figure({
        name: `${labelOf(many)}.${format}.${variant}`,
        value: operations(many) / seconds / 1e9,
        unit: "Gop/s",
        milliseconds: 1000 * seconds,
        peer: { value: ceilings.multiplyAdd / 1e9, name: "multiply-adds" },
      });
    }
  }
}

/** Whether there is a variant of products of many rows on this adapter, and it compiles. */
async function isOffered(
  backend: WebGpuBackend,
  format: Format,
  variant: ProductChoice["variant"],
): Promise<boolean> {
  const { program, extents } = productOf({ outputs: 256, columns: 256, rows: 16 }, format);
  using _ = await backend.compile(program, { largest: extents });
  return backend.products.some(
    (choice) => choice.format === format && choice.rows === "many" && choice.variant === variant,
  );
}

/** All in turn, so that a busy minute is one for all. */
async function* compareWithNaive(
  backend: WebGpuBackend,
  bare: BareDevice,
  size: Size,
  goal: number,
): AsyncGenerator<Figure> {
  await using held = new AsyncDisposableStack();
  const naive = held.use(await prepareNaive(bare, size));
  const contenders: Record<string, () => Promise<Measurement>> = { naive: () => measured(naive) };
  for (const format of comparedFormats) {
    const product = held.use(await prepareProduct(backend, size, format));
    contenders[format] = () => measured(product);
  }
  await inTurn(contenders, 1);
  const { values } = await inTurn(contenders, 3 * ROUNDS);
  for (const format of comparedFormats) {
    yield figure({
      name: `${labelOf(size)}.${format}.over-naive`,
      value: operations(size) / median(values[format]!) / 1e9,
      unit: "Gop/s",
      peer: {
        value: operations(size) / median(values.naive!) / 1e9,
        name: "a naive kernel, in f32",
        goal,
        ratio: medianRatio(values.naive!, values[format]!),
      },
    });
  }
}

const measured = async (kernel: Prepared): Promise<Measurement> => ({
  value: await kernel.run(),
  cpuSeconds: 0,
});

/** A kernel ready to be run, which tells the seconds that it took on the device. */
interface Prepared extends AsyncDisposable {
  readonly run: () => Promise<number>;
}

/** A step that looks up its input and multiplies. */
function productOf({ outputs, columns, rows }: Size, format: Format): { program: Program; extents: Extents } {
  const program = buildProgram("product", (b) => {
    const token = b.resolveToken({
      token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
      slot: b.feed("slot", { shape: ["rows"], dtype: "i32" }),
      lastToken: b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" }),
    });
    const x = b.embed(token, b.weight("x", { shape: [1, columns], format: "f32" }));
    b.output("y", b.linear(x, b.weight("weight", { shape: [outputs, columns], format })));
  });
  return { program, extents: { rows, segments: 0, longestSegment: 0, context: 0, outputRows: 0 } };
}

async function prepareProduct(backend: WebGpuBackend, size: Size, format: Format): Promise<Prepared> {
  const { program, extents } = productOf(size, format);
  const random = new RandomWeights(1);
  const load = (name: "x" | "weight") => {
    const spec = program.weights[name]!;
    const pieces = () => random.matrix(spec.shape as [number, number], spec.format);
    return backend.loadWeight(spec, { byteLength: byteLength(spec), pieces });
  };
  const held = new DisposableStack();
  const executable = held.use(await backend.compile(program, { largest: extents }));
  const weights = { x: held.use(await load("x")), weight: held.use(await load("weight")) };
  const lastToken = held.use(backend.allocate(4, "lastToken"));
  const step = held.use(executable.bind({ weights, states: { lastToken } }));
  return {
    async run() {
      const times = await backend.profile(step, extents, {});
      const own = times.filter(({ op }) => op.op === "linear");
      return own.reduce((sum, { seconds }) => sum + seconds, 0);
    },
    async [Symbol.asyncDispose]() {
      held.dispose();
    },
  };
}

async function prepareNaive(bare: BareDevice, { outputs, columns, rows }: Size): Promise<Prepared> {
  const floats = (count: number) => Float32Array.from(new Random(1).normal(count));
  const buffers = [
    bare.buffer(floats(outputs * columns)),
    bare.buffer(floats(rows * columns)),
    bare.buffer(4 * rows * outputs),
  ];
  const run = await bare.prepare({
    source: await shader("naive-product"),
    constants: { COLUMNS: columns, OUTPUTS: outputs },
    buffers,
    workgroups: [Math.ceil(outputs / 64), rows],
  });
  return {
    run,
    async [Symbol.asyncDispose]() {
      for (const buffer of buffers) buffer.destroy();
    },
  };
}

/** The median; the first run, in which drivers compile, is left aside. */
async function secondsOf(backend: WebGpuBackend, size: Size, format: Format): Promise<number> {
  await using product = await prepareProduct(backend, size, format);
  await product.run();
  const seconds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) seconds.push(await product.run());
  return median(seconds);
}

const operations = ({ outputs, columns, rows }: Size): number => 2 * outputs * columns * rows;

const labelOf = ({ outputs, columns, rows }: Size): string => `webgpu.product.${rows}x${columns}x${outputs}`;
