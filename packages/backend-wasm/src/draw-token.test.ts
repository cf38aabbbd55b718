import { createSampler } from "@krait/sampler";
import {
  buildProgram,
  CHOICE_COLUMNS,
  ChoiceColumn,
  SETTING_COLUMNS,
  SettingColumn,
  stateBytes,
} from "@krait/tensor";
import { maskedDraws } from "@krait/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createWasmBackend } from "./index.ts";

const VOCABULARY = 97;
const extents = { rows: 0, segments: 0, longestSegment: 0, context: 0, outputRows: 1 };

/** A step that draws from logits that a test writes, with no bias. */
async function loadDraw() {
  const program = buildProgram("draw", (b) => {
    const perRow = { per: "outputRow", count: 1, shape: [VOCABULARY], dtype: "f32" } as const;
    const perSlot = (size: number) => ({ per: "slot", count: 1, shape: [size], dtype: "i32" }) as const;
    const feed = (name: string, columns: number[], dtype: "i32" | "f32" | "u32" = "i32") =>
      b.feed(name, { shape: ["outputRows", ...columns], dtype });
    const settings = {
      slot: feed("slot", []),
      setting: feed("setting", [SETTING_COLUMNS], "f32"),
      choice: feed("choice", [CHOICE_COLUMNS]),
    };
    const logits = b.adjustLogits({
      logits: b.state("logits", perRow),
      count: b.state("count", perSlot(VOCABULARY)),
      ...settings,
      biasToken: feed("biasToken", [1]),
      biasValue: feed("biasValue", [1], "f32"),
      mask: feed("mask", [Math.ceil(VOCABULARY / 32)], "u32"),
    });
    const lastToken = b.state("lastToken", perSlot(1));
    b.output("token", b.drawToken({ logits, position: feed("position", []), lastToken, ...settings }));
  });
  const backend = await createWasmBackend();
  const states = Object.fromEntries(
    Object.entries(program.states).map(([name, spec]) => [name, backend.allocate(stateBytes(spec), name)]),
  );
  const step = (await backend.compile(program, { largest: extents })).bind({ weights: {}, states });
  return { step, states };
}

test("any draw is the token that @krait/sampler draws", async () => {
  const { step, states } = await loadDraw();
  const logit = fc.oneof(
    { weight: 6, arbitrary: fc.float({ min: -30, max: 30, noNaN: true }) },
    { weight: 2, arbitrary: fc.constantFrom(0, 1, 5, -Infinity) },
  );
  const single = (min: number, max: number) => fc.float({ min: Math.fround(min), max, noNaN: true });
  const options = fc.record({
    temperature: fc.oneof(fc.constant(0), single(0.05, 4)),
    topK: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 120 })),
    topP: fc.oneof(fc.constant(1), single(0.01, 1)),
    minP: fc.oneof(fc.constant(0), single(0, 1)),
    seed: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  });
  const property = fc.asyncProperty(
    fc.float32Array({ minLength: VOCABULARY, maxLength: VOCABULARY, noNaN: true }).chain((wild) =>
      fc.array(logit, { minLength: VOCABULARY, maxLength: VOCABULARY }).map((tame) => {
        const logits = Float32Array.from(tame);
        if (wild[0]! > 0) logits[7] = wild[1]!; // now and then one of any size
        return logits;
      }),
    ),
    options,
    fc.nat(),
    async (logits, { temperature, topK, topP, minP, seed }, position) => {
      const setting = new Float32Array(SETTING_COLUMNS);
      setting[SettingColumn.temperature] = temperature;
      setting[SettingColumn.topP] = topP;
      setting[SettingColumn.minP] = minP;
      setting[SettingColumn.repetitionPenalty] = 1;
      const choice = new Int32Array(CHOICE_COLUMNS);
      choice[ChoiceColumn.topK] = topK;
      choice[ChoiceColumn.seedLow] = Number(BigInt.asIntN(32, seed));
      choice[ChoiceColumn.seedHigh] = Number(BigInt.asIntN(32, seed >> 32n));
      choice[ChoiceColumn.maskRow] = -1;
      states.logits!.write(0, new Uint8Array(logits.buffer));
      step.run(extents, {
        slot: Int32Array.of(0),
        position: Int32Array.of(position),
        setting,
        choice,
        biasToken: Int32Array.of(-1),
      });
      const bytes = await step.outputs.token!.read();
      const token = new DataView(bytes.buffer).getInt32(0, true);
      let expected = -1;
      try {
        expected = createSampler({ temperature, topK, topP, minP, seed }).sample(logits, { position }).token;
      } catch {
        // nothing to draw from
      }
      expect(token).toBe(expected);
    },
  );
  await fc.assert(property, { numRuns: 1500 });
});

test("a mask is applied before top-k, which then has tokens to choose from", async () => {
  await using backend = await createWasmBackend();
  const { drawn, expected } = await maskedDraws(backend);
  expect(drawn).toEqual(expected);
});
