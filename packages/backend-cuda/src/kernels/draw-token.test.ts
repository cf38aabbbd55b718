import { createSampler } from "@krait/sampler";
import {
  anyDraw,
  DRAW_VOCABULARY,
  type Draw,
  drawOn,
  drawSettings,
  maskedDraws,
  Random,
} from "@krait/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type KernelRun, runKernel } from "../../test-support/run-kernel.ts";
import { unnoticedBarriers } from "../../test-support/unnoticed-barriers.ts";
import { orders, withEmulator } from "../../test-support/with-emulator.ts";
import { createCudaBackend } from "../index.ts";
import { type Grid, i32 } from "../launch.ts";

/** What the sampler would draw, of each row. */
const wantedOf = (draws: readonly Draw[]): number[] =>
  draws.map(({ position, logits, ...options }) => {
    return createSampler(options).sample(Float32Array.from(logits), { position }).token;
  });

/** Tokens of a row that one block looks at; of draw-token.cu. */
const PART_TOKENS = 4096;

/** What a heap's memory holds before anyone uses it. */
const UNTOUCHED = -7;

/** Two equal weights, and half of their mass. */
const equalHalves = {
  logits: Array.from({ length: DRAW_VOCABULARY }, (_, token) =>
    token === 3 || token === 60 ? 1 : -Infinity,
  ),
  temperature: 1,
  topP: 0.5,
  topK: 0,
  minP: 0,
};

const drawKinds = [
  { temperature: 1, topK: 0, topP: 1, minP: 0 },
  { temperature: 0.7, topK: 30, topP: 1, minP: 0 },
  { temperature: 0.7, topK: 0, topP: 0.9, minP: 0 },
  { temperature: 2, topK: 50, topP: 0.8, minP: 0.01 },
];

await withEmulator("draws", (emulator) => {
  test("a mask is applied before top-k, which then has tokens to choose from", async () => {
    await using backend = await createCudaBackend({ library: emulator.library });
    const { drawn, expected } = await maskedDraws(backend);
    expect(drawn).toEqual(expected);
  });

  async function drawn(draws: readonly Draw[]): Promise<number[]> {
    await using backend = await createCudaBackend({ library: emulator.library });
    return await drawOn(backend, draws);
  }

  test("are those of @krait/sampler, one and all", async () => {
    const draws = fc.sample(anyDraw, { numRuns: 400, seed: 1 });
    expect(await drawn(draws)).toEqual(wantedOf(draws));
  });

  // Equal weights and a mass that is a whole number of them: the sum stands on the threshold, and only
  // the sampler's own order of rounding says on which side.
  test("are those of @krait/sampler where a sum is as large as the threshold", async () => {
    const equals = (count: number, level: number) =>
      Array.from({ length: DRAW_VOCABULARY }, (_, token) =>
        token % 3 === 0 && token < 3 * count ? level : -Infinity,
      );
    const draws = [2, 4, 5, 10, 20, 32].flatMap((count) =>
      [0.25, 0.5, 0.75, 0.1, 0.9, 0.6].map(
        (topP, i): Draw => ({
          logits: equals(count, i - 3),
          temperature: 1 + i / 7,
          topP: Math.fround(topP),
          topK: i % 2 === 0 ? 0 : 24,
          minP: i === 5 ? 1 : 0,
          seed: BigInt(1000 * count + i),
          position: i,
        }),
      ),
    );
    expect(await drawn(draws)).toEqual(wantedOf(draws));
  });

  /** The kernels alone, on one row after the other; what `order` holds afterwards too. */
  function runKernels(draws: readonly Draw[]) {
    const rows = draws.length;
    const logits = Float32Array.from(draws.flatMap((row) => row.logits));
    const { setting, choice } = drawSettings(draws);
    const slot = Int32Array.from(draws.keys());
    const position = Int32Array.from(draws, (row) => row.position);
    const count = Int32Array.of(rows);
    const vocabulary = draws[0]!.logits.length;
    const parts = Math.ceil(vocabulary / PART_TOKENS);
    const stride = i32(vocabulary);
    return async (threadOrder: number) => {
      const largest = new BigUint64Array(rows * parts);
      const mass = new BigUint64Array(rows * vocabulary);
      const order = new Int32Array(rows * vocabulary).fill(UNTOUCHED);
      const [lastToken, output] = [new Int32Array(rows), new Int32Array(rows)];
      const run = (kernel: string, grid: Grid, threads: number, args: KernelRun["args"]) =>
        runKernel(emulator, { kernel, grid, threads, args, sharedBytes: 65_536, order: threadOrder });
      const row = [count, logits, stride];
      await run("find_largest", [parts, rows], 256, [...row, largest, stride]);
      await run("weigh_tokens", [parts, rows], 256, [...row, slot, setting, largest, mass, stride]);
      const state = [largest, i32(parts), mass, order, lastToken, output, i32(1), stride];
      await run("draw_token", [rows], 512, [...row, slot, position, setting, choice, ...state]);
      return { tokens: [...output], lastTokens: [...lastToken], order: [...order] };
    };
  }

  test("are made in the sampler's own order where a sum is near a threshold, and nowhere else", async () => {
    const ordinary = fc.sample(anyDraw, { numRuns: 100, seed: 3 });
    const { tokens, lastTokens, order } = await runKernels(ordinary)(0);
    expect(tokens).toEqual(wantedOf(ordinary));
    expect(lastTokens).toEqual(tokens);
    expect(order.filter((token) => token !== UNTOUCHED)).toEqual([]);
    const near = await runKernels([{ ...ordinary[0]!, ...equalHalves }])(0);
    expect(near.order.filter((token) => token !== UNTOUCHED)).toHaveLength(2);
  });

  test("are the sampler's where a thread looks at many tokens, and equals are far apart", async () => {
    const random = new Random(5);
    // Of few values, so that many tokens are equal, in every part of the row.
    const logitsOf = () => Array.from(random.normal(9001, 2), (value) => Math.round(4 * value) / 4);
    const draws = fc.sample(anyDraw, { numRuns: 8, seed: 6 }).map((row, i) => ({
      ...{ ...row, ...drawKinds[i % 4] },
      logits: logitsOf(),
    }));
    expect((await runKernels(draws)(2)).tokens).toEqual(wantedOf(draws));
  });

  test("need every barrier of their kernels", async () => {
    const draws = fc
      .sample(anyDraw, { numRuns: 8, seed: 4 })
      .map((row, i) => ({ ...row, ...drawKinds[i % 4] }));
    const run = runKernels(draws);
    const bytes = async (order: number) => Buffer.from(JSON.stringify(await run(order)));
    expect(await unnoticedBarriers(emulator, [bytes])).toEqual([]);
  });

  test("do not depend on the order of threads", async () => {
    const draws = fc.sample(anyDraw, { numRuns: 12, seed: 2 });
    const wanted = wantedOf(draws);
    for (const order of orders) {
      emulator.setOrder(order);
      expect(await drawn(draws)).toEqual(wanted);
    }
    emulator.setOrder(0);
  });
});
