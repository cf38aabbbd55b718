import { createSampler } from "@krait/sampler";
import { buildProgram, CHOICE_COLUMNS, ChoiceColumn, SETTING_COLUMNS, SettingColumn } from "@krait/tensor";
import fc from "fast-check";
import { expect, test } from "vitest";
import { orders, withEmulator } from "../../test-support/with-emulator.ts";
import { createCudaBackend } from "../index.ts";

const VOCABULARY = 97;
const ROWS = 400;
const extents = { rows: 0, segments: 0, longestSegment: 0, context: 0, outputRows: ROWS };

const program = buildProgram("draw", (b) => {
  const feed = (name: string, columns: number[], dtype: "i32" | "f32" | "u32" = "i32") =>
    b.feed(name, { shape: ["outputRows", ...columns], dtype });
  const settings = {
    slot: feed("slot", []),
    setting: feed("setting", [SETTING_COLUMNS], "f32"),
    choice: feed("choice", [CHOICE_COLUMNS]),
  };
  const logits = b.adjustLogits({
    logits: b.state("logits", { per: "outputRow", count: ROWS, shape: [VOCABULARY], dtype: "f32" }),
    count: b.state("count", { per: "slot", count: 1, shape: [VOCABULARY], dtype: "i32" }),
    ...settings,
    biasToken: feed("biasToken", [1]),
    biasValue: feed("biasValue", [1], "f32"),
    mask: feed("mask", [Math.ceil(VOCABULARY / 32)], "u32"),
  });
  const lastToken = b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" });
  b.output("token", b.drawToken({ logits, position: feed("position", []), lastToken, ...settings }));
});

const logit = fc.oneof(
  { weight: 6, arbitrary: fc.float({ min: -30, max: 30, noNaN: true }) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1, 5, -Infinity) },
);
const single = (min: number, max: number) => fc.float({ min: Math.fround(min), max, noNaN: true });
const draw = fc.record({
  logits: fc.array(logit, { minLength: VOCABULARY, maxLength: VOCABULARY }),
  temperature: fc.oneof(fc.constant(0), single(0.05, 4)),
  topK: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 120 })),
  topP: fc.oneof(fc.constant(1), single(0.01, 1)),
  minP: fc.oneof(fc.constant(0), single(0, 1)),
  seed: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  position: fc.nat(),
});

type Draw = typeof draw extends fc.Arbitrary<infer T> ? T : never;

/** What the sampler would draw, of each row. */
const wantedOf = (draws: readonly Draw[]): number[] =>
  draws.map(({ position, logits, ...options }) => {
    return createSampler(options).sample(Float32Array.from(logits), { position }).token;
  });

await withEmulator("draws", (emulator) => {
  async function drawn(draws: readonly Draw[]): Promise<number[]> {
    await using backend = await createCudaBackend({ library: emulator.library });
    const executable = await backend.compile(program, { largest: extents });
    const states = {
      logits: backend.allocate(4 * ROWS * VOCABULARY, "logits"),
      count: backend.allocate(4 * VOCABULARY, "count"),
      lastToken: backend.allocate(4, "lastToken"),
    };
    const outputRows = draws.length;
    const setting = new Float32Array(outputRows * SETTING_COLUMNS);
    const choice = new Int32Array(outputRows * CHOICE_COLUMNS);
    for (const [row, { temperature, topP, minP, topK, seed }] of draws.entries()) {
      const numbers = setting.subarray(row * SETTING_COLUMNS);
      numbers[SettingColumn.temperature] = temperature;
      numbers[SettingColumn.topP] = topP;
      numbers[SettingColumn.minP] = minP;
      numbers[SettingColumn.repetitionPenalty] = 1;
      const integers = choice.subarray(row * CHOICE_COLUMNS);
      integers[ChoiceColumn.topK] = topK;
      integers[ChoiceColumn.seedLow] = Number(BigInt.asIntN(32, seed));
      integers[ChoiceColumn.seedHigh] = Number(BigInt.asIntN(32, seed >> 32n));
      integers[ChoiceColumn.maskRow] = -1;
    }
    states.logits.write(0, new Uint8Array(Float32Array.from(draws.flatMap((row) => row.logits)).buffer));
    const step = executable.bind({ weights: {}, states });
    step.run(
      { ...extents, outputRows },
      {
        slot: new Int32Array(outputRows),
        position: Int32Array.from(draws, ({ position }) => position),
        setting,
        choice,
        biasToken: new Int32Array(outputRows).fill(-1),
      },
    );
    return [...new Int32Array((await step.outputs.token!.read(0, 4 * outputRows)).slice().buffer)];
  }

  test("are those of @krait/sampler, one and all", async () => {
    const draws = fc.sample(draw, { numRuns: ROWS, seed: 1 });
    expect(await drawn(draws)).toEqual(wantedOf(draws));
  });

  // Equal weights and a mass that is a whole number of them: the sum stands on the threshold, and only
  // the sampler's own order of rounding says on which side.
  test("are those of @krait/sampler where a sum is as large as the threshold", async () => {
    const equals = (count: number, level: number) =>
      Array.from({ length: VOCABULARY }, (_, token) =>
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

  test("do not depend on the order of threads", async () => {
    const draws = fc.sample(draw, { numRuns: 12, seed: 2 });
    const wanted = wantedOf(draws);
    for (const order of orders) {
      emulator.setOrder(order);
      expect(await drawn(draws)).toEqual(wanted);
    }
    emulator.setOrder(0);
  });
});
