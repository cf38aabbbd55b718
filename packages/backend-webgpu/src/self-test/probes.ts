import {
  buildProgram,
  type CausalConv,
  CHOICE_COLUMNS,
  ChoiceColumn,
  type FeedRef,
  type Format,
  type Operand,
  type ProgramBuilder,
  SETTING_COLUMNS,
  SettingColumn,
  type SsmScan,
  type WeightRef,
} from "@krait/tensor";
import { rowClassOf } from "../products/product-variant.ts";
import { numbers, type Probe } from "./probe.ts";

const HIDDEN = 32;
const VOCABULARY = 300;
const EPSILON = 1e-5;
/** Gate, x, B, C and time steps of a mixer. */
const COLUMNS = [HIDDEN, HIDDEN, 16, 16, 4];
const CHANNELS = 100;
const none = { rows: 0, segments: 0, longestSegment: 0, context: 0, outputRows: 0 };

/** The rows of a step, each a token that is looked up. */
function lookUp(b: ProgramBuilder, columns: number, slots = 2, table = "table") {
  const slot = b.feed("slot", { shape: ["rows"], dtype: "i32" });
  const token = b.resolveToken({
    token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
    slot,
    lastToken: b.state("lastToken", { per: "slot", count: slots, shape: [1], dtype: "i32" }),
  });
  return { slot, x: b.embed(token, b.weight(table, { shape: [16, columns], format: "f32" })) };
}

const vector = (b: ProgramBuilder, name: string, length: number) =>
  b.weight(name, { shape: [length], format: "f32" });

/** The ops of a Mamba-2 mixer, with weights and states that several steps of one Program share. */
class MixerParts {
  readonly #b: ProgramBuilder;
  readonly #conv: Pick<CausalConv, "weight" | "bias" | "window" | "kernelSize" | "activation">;
  readonly #scan: Omit<SsmScan, "op" | "x" | "b" | "c" | "dt" | "segment" | "output">;
  readonly #norm: WeightRef;

  constructor(b: ProgramBuilder, slots: number) {
    this.#b = b;
    this.#conv = {
      weight: b.weight("conv", { shape: [CHANNELS, 4], format: "f32" }),
      bias: vector(b, "convBias", CHANNELS),
      kernelSize: 4,
      activation: "silu",
      window: b.state("window", { per: "slot", count: slots, shape: [CHANNELS, 3], dtype: "f32" }),
    };
    this.#scan = {
      a: vector(b, "a", 4),
      d: vector(b, "d", 4),
      dtBias: vector(b, "dtBias", 4),
      heads: 4,
      headDim: 8,
      stateSize: 8,
      groups: 2,
      chunkSize: 8,
      timeStepLimit: [0, Number.POSITIVE_INFINITY],
      recurrent: b.state("recurrent", { per: "slot", count: slots, shape: [4, 8, 8], dtype: "f32" }),
    };
    this.#norm = vector(b, "groupNorm", HIDDEN);
  }

  convolve(input: Operand, segment: FeedRef): Operand {
    return this.#b.causalConv({ ...this.#conv, input, segment });
  }

  /** @param rows - whose last columns are the time steps. */
  scan(convolved: Operand, rows: Operand, segment: FeedRef): Operand {
    const [, x, b, c] = this.#b.split(convolved, COLUMNS);
    const [, , , , dt] = this.#b.split(rows, COLUMNS);
    return this.#b.ssmScan({ ...this.#scan, x: x!, b: b!, c: c!, dt: dt!, segment });
  }

  /** @param rows - whose first columns are the gate. */
  normalize(scanned: Operand, rows: Operand): Operand {
    const [gate] = this.#b.split(rows, COLUMNS);
    const weight = this.#norm;
    return this.#b.gatedGroupNorm({ input: scanned, gate: gate!, weight, groups: 2, epsilon: EPSILON });
  }
}

/** Every op of a layer but the product, over a prompt of five tokens and a token of another sequence. */
const layers: Probe = {
  name: "layers",
  extents: { rows: 6, segments: 2, longestSegment: 5, context: 5, outputRows: 2 },
  feeds: {
    token: Int32Array.of(3, 1, 4, 1, 5, 9),
    slot: Int32Array.of(0, 0, 0, 0, 0, 1),
    position: Int32Array.of(0, 1, 2, 3, 4, 0),
    segment: Int32Array.of(0, 5, 0, 0, -1, -1, 5, 1, 1, 1, -1, -1),
    outputRow: Int32Array.of(4, 5),
  },
  states: { pageTable: Int32Array.of(1, 0) },
  program: buildProgram("self-test of layers", (b) => {
    const { slot, x } = lookUp(b, CHANNELS);
    const segment = b.feed("segment", { shape: ["segments", 6], dtype: "i32" });
    b.output("embed", x);
    const mixer = new MixerParts(b, 2);
    const convolved = mixer.convolve(x, segment);
    b.output("causalConv", convolved);
    const scanned = mixer.scan(convolved, convolved, segment);
    b.output("ssmScan", scanned);
    b.output("gatedGroupNorm", mixer.normalize(scanned, convolved));
    const normed = b.rmsNorm(x, vector(b, "norm", CHANNELS), { epsilon: EPSILON });
    b.output("rmsNorm", normed);
    const [query, key, value] = b.split(normed, [HIDDEN, 16, 16, 36]);
    const position = b.feed("position", { shape: ["rows"], dtype: "i32" });
    const pages = {
      slot,
      position,
      pageTable: b.state("pageTable", { per: "slot", count: 2, shape: [1], dtype: "i32" }),
      keys: b.state("keys", { per: "page", count: 2, shape: [2, 8], dtype: "f16" }),
      values: b.state("values", { per: "page", count: 2, shape: [2, 8], dtype: "f16" }),
      keyValueHeads: 2,
      headDim: 8,
    };
    b.writeKv({ ...pages, key: key!, value: value! });
    b.output("attention", b.attention({ ...pages, query: query!, heads: 4, scale: 0.35 }));
    b.output(
      "gatherRows",
      b.gatherRows(normed, b.feed("outputRow", { shape: ["outputRows"], dtype: "i32" })),
    );
  }),
};

/**
 * A mixer in a step of one token for each sequence, whose scan convolves for itself. Of the sequences one
 * goes on, one is a fork, and one leaves a mark; then others go on from what they left.
 */
const decoding: Probe = {
  name: "decoding",
  extents: { rows: 3, segments: 3, longestSegment: 1, context: 0, outputRows: 0 },
  feeds: {
    token: Int32Array.of(3, 7, 2),
    slot: Int32Array.of(0, 2, 3),
    segment: Int32Array.of(0, 1, 0, 0, -1, -1, 1, 1, 1, 2, -1, -1, 2, 1, 3, 3, 2, 4),
    next: Int32Array.of(0, 1, 0, 0, -1, -1, 1, 1, 2, 2, -1, -1, 2, 1, 4, 4, -1, -1),
  },
  states: { window: numbers("window", 5 * CHANNELS * 3), recurrent: numbers("recurrent", 5 * 4 * 8 * 8) },
  program: buildProgram("self-test of decoding", (b) => {
    const { x } = lookUp(b, CHANNELS, 5);
    const mixer = new MixerParts(b, 5);
    const segment = b.feed("segment", { shape: ["segments", 6], dtype: "i32" });
    const next = b.feed("next", { shape: ["segments", 6], dtype: "i32" });
    const scanned = mixer.scan(mixer.convolve(x, segment), x, segment);
    b.output("ssmScan that convolves", mixer.normalize(scanned, x));
    const convolved = mixer.convolve(x, next);
    b.output("gatedGroupNorm that leaves a window", convolved);
    b.output("ssmScan that leaves a state", mixer.scan(convolved, x, next));
  }),
};

/** A prompt that is scanned in chunks, the first of which ends at a mark, and what that leaves to a fork. */
const prompt: Probe = {
  name: "prompt",
  extents: { rows: 52, segments: 1, longestSegment: 52, context: 0, outputRows: 0 },
  feeds: {
    token: Int32Array.from({ length: 52 }, (_, row) => (5 * row) % 16),
    slot: new Int32Array(52),
    segment: Int32Array.of(0, 52, 0, 0, 10, 1),
    next: Int32Array.of(0, 20, 1, 1, -1, -1),
  },
  states: { recurrent: numbers("recurrent", 2 * 4 * 8 * 8) },
  program: buildProgram("self-test of a prompt", (b) => {
    const { x } = lookUp(b, CHANNELS);
    const mixer = new MixerParts(b, 2);
    const segment = b.feed("segment", { shape: ["segments", 6], dtype: "i32" });
    const next = b.feed("next", { shape: ["segments", 6], dtype: "i32" });
    const convolved = mixer.convolve(x, segment);
    b.output("ssmScan in chunks", mixer.normalize(mixer.scan(convolved, x, segment), x));
    b.output("ssmScan in chunks that goes on from a mark", mixer.scan(convolved, x, next));
  }),
};

/** A greedy choice and a draw. */
const sampling: Probe = {
  name: "sampling",
  extents: { ...none, outputRows: 2 },
  feeds: {
    slot: Int32Array.of(0, 1),
    position: Int32Array.of(7, 8),
    setting: settings([0, 0.8]),
    choice: choices(),
    biasToken: Int32Array.of(-1, -1),
  },
  states: { logits: numbers("logits", 2 * VOCABULARY) },
  program: buildProgram("self-test of sampling", (b) => {
    const feed = (name: string, columns: number[], dtype: "i32" | "f32" | "u32" = "i32") =>
      b.feed(name, { shape: ["outputRows", ...columns], dtype });
    const logits = b.state("logits", { per: "outputRow", count: 2, shape: [VOCABULARY], dtype: "f32" });
    const chosen = {
      slot: feed("slot", []),
      setting: feed("setting", [SETTING_COLUMNS], "f32"),
      choice: feed("choice", [CHOICE_COLUMNS]),
    };
    const adjusted = b.adjustLogits({
      logits,
      count: b.state("count", { per: "slot", count: 2, shape: [VOCABULARY], dtype: "i32" }),
      ...chosen,
      biasToken: feed("biasToken", [1]),
      biasValue: feed("biasValue", [1], "f32"),
      mask: feed("mask", [Math.ceil(VOCABULARY / 32)], "u32"),
    });
    b.output("adjustLogits", adjusted);
    const token = b.drawToken({
      logits: adjusted,
      ...chosen,
      position: feed("position", []),
      lastToken: b.state("lastToken", { per: "slot", count: 2, shape: [1], dtype: "i32" }),
    });
    b.output("drawToken", token);
    const top = b.topK(logits, { count: 5 });
    b.output("topK", top.logits);
    b.output("logSumExp", b.logSumExp(logits));
    b.output("tokenLogit", b.tokenLogit(logits, token));
  }),
};

export const opProbes: readonly Probe[] = [layers, decoding, prompt, sampling];

/** Products by a matrix of this format: for one row, for a few, and for many, which have kernels of their own. */
export function productProbes(format: Format): Probe[] {
  const program = buildProgram(`self-test of ${format}`, (b) => {
    const weight = b.weight("weight", { shape: [70, 256], format });
    // Of a table whose numbers are such that bytes lose nothing: all variants give the same.
    b.output(format, b.linear(lookUp(b, 256, 2, "levels").x, weight));
  });
  return [1, 3, 40].map((rows) => ({
    name: `${format} × ${rows}`,
    product: { format, rows: rowClassOf(rows) },
    program,
    extents: { ...none, rows },
    // Blocks of 16 and 32 rows have others in each.
    feeds: { token: Int32Array.from({ length: rows }, (_, row) => row % 13), slot: new Int32Array(rows) },
  }));
}

function settings(temperatures: readonly number[]): Float32Array {
  const setting = new Float32Array(temperatures.length * SETTING_COLUMNS);
  for (const [row, temperature] of temperatures.entries()) {
    setting[row * SETTING_COLUMNS + SettingColumn.temperature] = temperature;
    setting[row * SETTING_COLUMNS + SettingColumn.topP] = 1;
    setting[row * SETTING_COLUMNS + SettingColumn.repetitionPenalty] = 1;
  }
  return setting;
}

function choices(): Int32Array {
  const choice = new Int32Array(2 * CHOICE_COLUMNS);
  for (const row of [0, 1]) {
    choice[row * CHOICE_COLUMNS + ChoiceColumn.maskRow] = -1;
    choice[row * CHOICE_COLUMNS + ChoiceColumn.seedLow] = 42;
  }
  return choice;
}
