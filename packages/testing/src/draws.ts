import {
  type Backend,
  buildProgram,
  CHOICE_COLUMNS,
  ChoiceColumn,
  type Program,
  SETTING_COLUMNS,
  SettingColumn,
} from "@krait/tensor";
import fc from "fast-check";

/** The logits of one token, and how it is drawn from them: options of `@krait/sampler`. */
export interface Draw {
  readonly logits: readonly number[];
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly seed: bigint;
  readonly position: number;
  /** The only tokens that may come; any unless given. */
  readonly allowed?: readonly number[];
}

/** How many logits {@link anyDraw} has. */
export const DRAW_VOCABULARY = 97;

const logit = fc.oneof(
  { weight: 6, arbitrary: fc.float({ min: -30, max: 30, noNaN: true }) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1, 5, -Infinity) },
);
const single = (min: number, max: number) => fc.float({ min: Math.fround(min), max, noNaN: true });

/** Any draw, greedy ones and logits that are equal or minus infinity among them. */
export const anyDraw: fc.Arbitrary<Draw> = fc.record({
  logits: fc.array(logit, { minLength: DRAW_VOCABULARY, maxLength: DRAW_VOCABULARY }),
  temperature: fc.oneof(fc.constant(0), single(0.05, 4)),
  topK: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 120 })),
  topP: fc.oneof(fc.constant(1), single(0.01, 1)),
  minP: fc.oneof(fc.constant(0), single(0, 1)),
  seed: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  position: fc.nat(),
});

/** The feeds `setting` and `choice` of a step that makes these draws, one a row. */
export function drawSettings(draws: readonly Draw[]): { setting: Float32Array; choice: Int32Array } {
  const setting = new Float32Array(draws.length * SETTING_COLUMNS);
  const choice = new Int32Array(draws.length * CHOICE_COLUMNS);
  for (const [row, { temperature, topP, minP, topK, seed, allowed }] of draws.entries()) {
    const numbers = setting.subarray(row * SETTING_COLUMNS);
    numbers[SettingColumn.temperature] = temperature;
    numbers[SettingColumn.topP] = topP;
    numbers[SettingColumn.minP] = minP;
    numbers[SettingColumn.repetitionPenalty] = 1;
    const integers = choice.subarray(row * CHOICE_COLUMNS);
    integers[ChoiceColumn.topK] = topK;
    integers[ChoiceColumn.seedLow] = Number(BigInt.asIntN(32, seed));
    integers[ChoiceColumn.seedHigh] = Number(BigInt.asIntN(32, seed >> 32n));
    integers[ChoiceColumn.maskRow] = allowed === undefined ? -1 : row;
  }
  return { setting, choice };
}

/** The tokens that a backend draws, all in one step. */
export async function drawOn(backend: Backend, draws: readonly Draw[]): Promise<number[]> {
  const vocabulary = draws[0]!.logits.length;
  const largest = { rows: 0, segments: 0, longestSegment: 0, context: 0, outputRows: draws.length };
  const executable = await backend.compile(drawProgram(draws.length, vocabulary), { largest });
  const states = {
    logits: backend.allocate(4 * draws.length * vocabulary, "logits"),
    count: backend.allocate(4 * vocabulary, "count"),
    lastToken: backend.allocate(4, "lastToken"),
  };
  states.logits.write(0, new Uint8Array(Float32Array.from(draws.flatMap(({ logits }) => logits)).buffer));
  const step = executable.bind({ weights: {}, states });
  step.run(largest, {
    slot: new Int32Array(draws.length),
    position: Int32Array.from(draws, ({ position }) => position),
    ...drawSettings(draws),
    biasToken: new Int32Array(draws.length).fill(-1),
    mask: maskOf(draws, Math.ceil(vocabulary / 32)),
  });
  return [...new Int32Array((await step.outputs.token!.read(0, 4 * draws.length)).slice().buffer)];
}

/** A row of bits for each draw; of those that need none it is not read. */
function maskOf(draws: readonly Draw[], words: number): Uint32Array {
  const mask = new Uint32Array(draws.length * words);
  for (const [row, { allowed = [] }] of draws.entries()) {
    for (const id of allowed) mask[row * words + (id >> 5)]! |= 1 << (id & 31);
  }
  return mask;
}

/** Adjusts logits that another Program left, and draws from them. */
function drawProgram(outputRows: number, vocabulary: number): Program {
  return buildProgram("draw", (b) => {
    const feed = (name: string, columns: number[], dtype: "i32" | "f32" | "u32" = "i32") =>
      b.feed(name, { shape: ["outputRows", ...columns], dtype });
    const settings = {
      slot: feed("slot", []),
      setting: feed("setting", [SETTING_COLUMNS], "f32"),
      choice: feed("choice", [CHOICE_COLUMNS]),
    };
    const logits = b.adjustLogits({
      logits: b.state("logits", { per: "outputRow", count: outputRows, shape: [vocabulary], dtype: "f32" }),
      count: b.state("count", { per: "slot", count: 1, shape: [vocabulary], dtype: "i32" }),
      ...settings,
      biasToken: feed("biasToken", [1]),
      biasValue: feed("biasValue", [1], "f32"),
      mask: feed("mask", [Math.ceil(vocabulary / 32)], "u32"),
    });
    const lastToken = b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" });
    b.output("token", b.drawToken({ logits, position: feed("position", []), lastToken, ...settings }));
  });
}
