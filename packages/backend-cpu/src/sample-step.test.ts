import { buildProgram, type Program } from "@krait/tensor";
import { describe, expect, test } from "vitest";
import { createCpuBackend } from "./index.ts";

const VOCABULARY = 40;
const ROWS = 2;

/** Every sampling op, over logits that a test writes. */
function sampleProgram(): Program {
  return buildProgram("sample", (b) => {
    const logits = b.state("logits", { per: "outputRow", count: ROWS, shape: [VOCABULARY], dtype: "f32" });
    const settings = {
      slot: b.feed("slot", { shape: ["outputRows"], dtype: "i32" }),
      setting: b.feed("setting", { shape: ["outputRows", 6], dtype: "f32" }),
      choice: b.feed("choice", { shape: ["outputRows", 4], dtype: "i32" }),
    };
    const adjusted = b.adjustLogits({
      logits,
      count: b.state("count", { per: "slot", count: 3, shape: [VOCABULARY], dtype: "i32" }),
      ...settings,
      biasToken: b.feed("biasToken", { shape: ["outputRows", 2], dtype: "i32" }),
      biasValue: b.feed("biasValue", { shape: ["outputRows", 2], dtype: "f32" }),
      mask: b.feed("mask", { shape: ["outputRows", 2], dtype: "u32" }),
    });
    const token = b.drawToken({
      logits: adjusted,
      ...settings,
      position: b.feed("position", { shape: ["outputRows"], dtype: "i32" }),
      lastToken: b.state("lastToken", { per: "slot", count: 3, shape: [1], dtype: "i32" }),
    });
    b.output("token", token);
    b.output("tokenLogit", b.tokenLogit(logits, token));
    b.output("logSumExp", b.logSumExp(logits));
    const { ids, logits: largest } = b.topK(logits, { count: 2 });
    b.output("topIds", ids);
    b.output("topLogits", largest);
  });
}

const GREEDY = [0, 1, 0, 1, 0, 0];

async function load() {
  const backend = await createCpuBackend();
  const program = sampleProgram();
  const states = {
    logits: backend.allocate(4 * ROWS * VOCABULARY, "logits"),
    count: backend.allocate(4 * 3 * VOCABULARY, "count"),
    lastToken: backend.allocate(4 * 3, "lastToken"),
  };
  const largest = { rows: 0, segments: 0, longestSegment: 0, context: 0, outputRows: ROWS };
  const step = (await backend.compile(program, { largest })).bind({ weights: {}, states });
  const logits = new Float32Array(ROWS * VOCABULARY);
  logits.set([1, 5, 3], 0);
  logits.set([2, 0, 7, 6], VOCABULARY);
  states.logits.write(0, new Uint8Array(logits.buffer));
  const feeds = {
    slot: Int32Array.of(2, 0),
    setting: Float32Array.of(...GREEDY, ...GREEDY),
    choice: Int32Array.of(0, 0, 0, -1, 0, 0, 0, -1),
    biasToken: Int32Array.of(-1, -1, -1, -1),
    position: Int32Array.of(9, 9),
  };
  return { step, states, largest, feeds };
}

const ints = async (buffer: { read(): Promise<Uint8Array> }) => [
  ...new Int32Array((await buffer.read()).buffer),
];
const floats = async (buffer: { read(): Promise<Uint8Array> }) => [
  ...new Float32Array((await buffer.read()).buffer),
];

describe("a step of sampling", () => {
  test("gives tokens, their logits and what log-probabilities need, and leaves the tokens in their slots", async () => {
    const { step, states, largest, feeds } = await load();
    step.run(largest, feeds);
    expect(await ints(step.outputs.token!)).toEqual([1, 2]);
    expect(await floats(step.outputs.tokenLogit!)).toEqual([5, 7]);
    expect(await ints(step.outputs.topIds!)).toEqual([1, 2, 2, 3]);
    expect(await floats(step.outputs.topLogits!)).toEqual([5, 3, 7, 6]);
    const sumOf = (...logits: number[]) =>
      logits.reduce((sum, l) => sum + Math.exp(l), VOCABULARY - logits.length);
    expect(await floats(step.outputs.logSumExp!)).toEqual(
      [Math.log(sumOf(1, 5, 3)), Math.log(sumOf(2, 0, 7, 6))].map(Math.fround),
    );
    expect(await ints(states.lastToken)).toEqual([2, 0, 1]);
  });

  test("logits of log-probabilities are the model's own, whatever bias and mask do to the draw", async () => {
    const { step, largest, feeds } = await load();
    step.run(largest, {
      ...feeds,
      choice: Int32Array.of(0, 0, 0, 1, 0, 0, 0, -1),
      mask: Uint32Array.of(0, 0, 0b100, 0x80), // row 0 uses mask row 1: tokens 2 and 39
      biasToken: Int32Array.of(-1, -1, 0, -1),
      biasValue: Float32Array.of(0, 0, 100, 0),
    });
    expect(await ints(step.outputs.token!)).toEqual([2, 0]);
    expect(await floats(step.outputs.tokenLogit!)).toEqual([3, 2]);
  });

  const settings = (...row0: number[]) => Float32Array.of(...row0, ...GREEDY);
  test.each([
    ["slot", { slot: Int32Array.of(3, 0) }, /feed "slot" is 3 at 0, expected -1 to 2/],
    ["position", { position: Int32Array.of(0, -1) }, /feed "position" is -1 at 1/],
    [
      "biased token",
      { biasToken: Int32Array.of(-1, 40, -1, -1) },
      /feed "biasToken" is 40 at 1, expected -1 to 39/,
    ],
    [
      "mask row",
      { choice: Int32Array.of(0, 0, 0, -1, 0, 0, 0, 2) },
      /"choice" has mask row 2 in row 1, expected -1 to 1/,
    ],
    ["top-k", { choice: Int32Array.of(-5, 0, 0, -1, 0, 0, 0, -1) }, /"choice" has topK -5 in row 0/],
    ["temperature", { setting: settings(-1, 1, 0, 1, 0, 0) }, /"setting" has temperature -1 in row 0/],
    ["top-p", { setting: settings(0, 0, 0, 1, 0, 0) }, /has topP 0 in row 0, expected above 0, up to 1/],
    ["min-p", { setting: settings(0, 1, 2, 1, 0, 0) }, /has minP 2 in row 0/],
    ["repetition penalty", { setting: settings(0, 1, 0, 0, 0, 0) }, /has repetitionPenalty 0 in row 0/],
    ["presence penalty", { setting: settings(0, 1, 0, 1, Infinity, 0) }, /has presencePenalty Infinity/],
    ["frequency penalty", { setting: settings(0, 1, 0, 1, 0, Number.NaN) }, /has frequencyPenalty NaN/],
  ])("refuses a %s out of range before anything is drawn", async (_, bad, message) => {
    const { step, states, largest, feeds } = await load();
    expect(() => step.run(largest, { ...feeds, ...bad })).toThrow(message);
    expect(await ints(states.lastToken)).toEqual([0, 0, 0]);
  });

  test("the settings of padding do not matter", async () => {
    const { step, states, largest, feeds } = await load();
    const setting = Float32Array.of(Number.NaN, 9, 9, 0, 0, 0, ...GREEDY);
    step.run(largest, {
      ...feeds,
      slot: Int32Array.of(-1, 0),
      setting,
      biasToken: Int32Array.of(99, 0, -1, -1),
    });
    expect(await ints(step.outputs.token!)).toEqual([-1, 2]);
    expect(await ints(states.lastToken)).toEqual([2, 0, 0]);
  });
});
