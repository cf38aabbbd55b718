import { createSampler } from "@krait/sampler";
import { buildProgram, CHOICE_COLUMNS, ChoiceColumn, SETTING_COLUMNS, SettingColumn } from "@krait/tensor";
import fc from "fast-check";
import { expect, test } from "vitest";
import { withAdapter } from "../../test-support/adapter.ts";
import { createWebGPUBackend } from "../index.ts";

const VOCABULARY = 97;
const ROWS = 1000;
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

await withAdapter("draws", () => {
  test("are those of @krait/sampler, but where single precision falls to the other side of a boundary", async () => {
    const backend = await createWebGPUBackend();
    const executable = await backend.compile(program, { largest: extents });
    const states = {
      logits: backend.allocate(4 * ROWS * VOCABULARY, "logits"),
      count: backend.allocate(4 * VOCABULARY, "count"),
      lastToken: backend.allocate(4, "lastToken"),
    };
    const draws = fc.sample(draw, { numRuns: ROWS, seed: 1 });
    const logits = Float32Array.from(draws.flatMap((row) => row.logits));
    const setting = new Float32Array(ROWS * SETTING_COLUMNS);
    const choice = new Int32Array(ROWS * CHOICE_COLUMNS);
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
    states.logits.write(0, new Uint8Array(logits.buffer));
    const step = executable.bind({ weights: {}, states });
    step.run(extents, {
      slot: new Int32Array(ROWS),
      position: Int32Array.from(draws, ({ position }) => position),
      setting,
      choice,
      biasToken: new Int32Array(ROWS).fill(-1),
    });
    const tokens = new Int32Array((await step.outputs.token!.read()).slice().buffer);
    const parted = draws.filter(({ position, logits: row, ...options }, index) => {
      const sampler = createSampler(options);
      return sampler.sample(Float32Array.from(row), { position }).token !== tokens[index];
    });
    expect(parted.length).toBeLessThanOrEqual(1);
    await backend[Symbol.asyncDispose]();
  });
});
