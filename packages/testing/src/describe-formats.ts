import {
  type Backend,
  buildProgram,
  byteLength,
  dequantize,
  type Format,
  formatLayouts,
  isDType,
  isScaled,
  quantize,
} from "@krait/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Random } from "./random.ts";
import { randomBytes } from "./random-blocks.ts";
import { runStep, type StepInputs } from "./step.ts";

const ROWS = 37;
const OUTPUTS = 45;

/** Of the whole tensor, in formats that have one. */
const scaleOf = (format: Format): number => (isScaled(format) ? 0.375 : 1);

interface WeightChoice {
  /** A row of bytes of ones. */
  readonly broken?: number;
  /** What is stored; random bytes unless given. */
  readonly stored?: Uint8Array;
}

/** y = weight · x, with x looked up in a table so that it can be any rows of it. */
function productOf(
  format: Format,
  columns: number,
  x: Float32Array,
  random: Random,
  { broken, stored = randomBytes(format, OUTPUTS * columns, random) }: WeightChoice = {},
) {
  const program = buildProgram("product", (b) => {
    const token = b.resolveToken({
      token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
      slot: b.feed("slot", { shape: ["rows"], dtype: "i32" }),
      lastToken: b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" }),
    });
    const rows = b.embed(token, b.weight("x", { shape: [ROWS, columns], format: "f32" }));
    b.output("y", b.linear(rows, b.weight("weight", { shape: [OUTPUTS, columns], format })));
  });
  const sourceOf = (bytes: Uint8Array, scale = 1) => ({
    byteLength: bytes.byteLength,
    scale,
    async *pieces() {
      yield bytes;
    },
  });
  expect(stored.byteLength).toBe(byteLength({ shape: [OUTPUTS, columns], format }));
  const rowBytes = stored.byteLength / OUTPUTS;
  // Bytes of ones alone are no number, as values and as scales.
  if (broken !== undefined) stored.fill(0xff, broken * rowBytes, (broken + 1) * rowBytes);
  const weights = { x: sourceOf(quantize("f32", x)), weight: sourceOf(stored, scaleOf(format)) };
  const inputs = (tokens: readonly number[]): StepInputs => ({
    extents: { rows: tokens.length, segments: 0, longestSegment: 0, context: 0, outputRows: 0 },
    weights,
    states: {},
    feeds: { token: Int32Array.from(tokens), slot: new Int32Array(tokens.length) },
  });
  return {
    stored,
    run: async (backend: Backend, tokens: readonly number[]) => {
      const { values } = await runStep(backend, program, inputs(tokens));
      return values[program.values[program.outputs.y!.value]!.name] as Float32Array;
    },
  };
}

/** Sums in f64 over the dequantized weight. */
function expected(format: Format, stored: Uint8Array, columns: number, x: Float32Array): Float64Array {
  const weight = dequantize(format, stored, scaleOf(format));
  return Float64Array.from({ length: ROWS * OUTPUTS }, (_, i) => {
    const [row, output] = [Math.floor(i / OUTPUTS), i % OUTPUTS];
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += weight[output * columns + c]! * x[row * columns + c]!;
    return sum;
  });
}

/** Mean square of the difference over mean square of what is right. */
function errorOf(got: Float32Array, want: Float64Array): number {
  const squares = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0);
  return squares(want.map((value, i) => value - got[i]!)) / squares(want);
}

const allRows = Array.from({ length: ROWS }, (_, row) => row);

export interface FormatsOptions {
  readonly formats: readonly Format[];
  /** The same backend with one thread. */
  readonly createAlone: () => Promise<Backend>;
}

/**
 * Registers tests of a backend's matrix product in each stored format, against sums in f64 over the
 * dequantized weight: exact where activations of eight bits lose nothing, and within what they lose.
 */
export function describeFormats(
  createBackend: () => Promise<Backend>,
  { formats, createAlone }: FormatsOptions,
): void {
  let backend: Backend;
  beforeAll(async () => {
    backend = await createBackend();
  });
  afterAll(() => backend[Symbol.asyncDispose]());

  // Whole groups of blocks, a part of one, and several with a part; numbers of any count.
  const columns = (format: Format) => {
    if (isDType(format)) return [32, 512, 1603];
    return formatLayouts[format].valuesPerBlock === 256 ? [256, 768] : [32, 512, 1120];
  };
  const cases = formats.flatMap((format) => columns(format).map((count) => [format, count] as const));

  test.each(cases)(
    "%s of %i columns times numbers that lose nothing is exact but for rounding",
    async (format, count) => {
      const random = new Random(count);
      // Whole numbers up to 127, one of them in each block of 32: quantizing them changes nothing.
      const x = Float32Array.from({ length: ROWS * count }, (_, i) =>
        i % 32 === 7 ? 127 : random.integer(-126, 127),
      );
      const { stored, run } = productOf(format, count, x, random);
      expect(errorOf(await run(backend, allRows), expected(format, stored, count, x))).toBeLessThan(1e-10);
    },
  );

  test.each(formats)("the largest values of %s add up to no more than sums hold", async (format) => {
    const count = columns(format).at(-1)!;
    // All but one of a block are at one end of what it can hold, and x at one end of eight bits.
    const values = Float32Array.from({ length: OUTPUTS * count }, (_, i) => (i % 32 === 5 ? -1 : 0.95));
    const x = Float32Array.from({ length: ROWS * count }, (_, i) => (Math.floor(i / count) % 2 ? -127 : 127));
    const given = { stored: quantize(format, values) };
    const { stored, run } = productOf(format, count, x, new Random(5), given);
    expect(errorOf(await run(backend, allRows), expected(format, stored, count, x))).toBeLessThan(1e-10);
    expect(
      errorOf(await run(backend, [0]), expected(format, stored, count, x).slice(0, OUTPUTS)),
    ).toBeLessThan(1e-10);
  });

  test.each(formats)("%s times any numbers is off by no more than eight bits allow", async (format) => {
    const count = 768;
    const random = new Random(1);
    const x = random.normal(ROWS * count, 3);
    const { stored, run } = productOf(format, count, x, random);
    const error = errorOf(await run(backend, allRows), expected(format, stored, count, x));
    expect(error).toBeLessThan(isDType(format) ? 1e-10 : 5e-5);
  });

  test.each(formats)("a row's bits with %s depend on neither other rows nor threads", async (format) => {
    // Numbers of more columns than are multiplied at a time.
    const count = isDType(format) ? 5203 : columns(format).at(-1)!;
    const random = new Random(2);
    const { run } = productOf(format, count, random.normal(ROWS * count, 1), random);
    const all = await run(backend, allRows);
    const rowOf = (row: number) => all.subarray(row * OUTPUTS, (row + 1) * OUTPUTS);
    for (const some of [
      [0],
      [3, 1],
      [5, 6, 7],
      [36, 35, 34, 33],
      [0, 1, 2, 3, 4, 5, 6],
      allRows.slice(20, 33),
      [...allRows].reverse(),
    ]) {
      const got = await run(backend, some);
      for (const [i, row] of some.entries()) {
        expect(got.subarray(i * OUTPUTS, (i + 1) * OUTPUTS)).toEqual(rowOf(row));
      }
    }
    await using alone = await createAlone();
    expect(await run(alone, allRows)).toEqual(all);
  });

  test.each(formats)("a row of a weight in %s that is no number spoils none beside it", async (format) => {
    const [count, broken] = [columns(format).at(-1)!, 23];
    const x = new Random(3).normal(ROWS * count, 1);
    for (const tokens of [[4], [4, 5, 6, 7]]) {
      const whole = await productOf(format, count, x, new Random(4)).run(backend, tokens);
      const spoiled = await productOf(format, count, x, new Random(4), { broken }).run(backend, tokens);
      expect(spoiled.map((value, i) => (i % OUTPUTS === broken ? whole[i]! : value))).toEqual(whole);
    }
  });
}
