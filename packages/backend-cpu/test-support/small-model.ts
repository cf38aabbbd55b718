import {
  type Backend,
  buildProgram,
  byteLength,
  type DeviceBuffer,
  type DType,
  type Extents,
  type Operand,
  PAGE_SIZE,
  type Program,
  quantize,
  SEGMENT_COLUMNS,
  type Step,
  stateBytes,
  stateUnitBytes,
  type WeightBuffer,
  type WeightSource,
} from "@krait/tensor";
import { randomValues } from "./matrix.ts";

export const VOCABULARY = 11;
export const SLOTS = 5;
export const MAX_PAGES = 3;
export const PAGES = 9;
const HIDDEN = 8;

export const LARGEST: Extents = { rows: 80, segments: 4, longestSegment: 80, context: 96, outputRows: 80 };

/** Every op of a hybrid model once: a Mamba-2 layer, an attention layer, a feed-forward layer. */
export function smallModel(kvDtype: DType = "f32"): Program {
  return buildProgram("small", (b) => {
    const matrix = (name: string, outputs: number, inputs: number) =>
      b.weight(name, { shape: [outputs, inputs], format: "f32" });
    const vector = (name: string, size: number) => b.weight(name, { shape: [size], format: "f32" });
    const slotState = (name: string, shape: readonly number[], dtype: DType = "f32") =>
      b.state(name, { per: "slot", count: SLOTS, shape, dtype });

    const slot = b.feed("slot", { shape: ["rows"], dtype: "i32" });
    const segment = b.feed("segment", { shape: ["segments", SEGMENT_COLUMNS], dtype: "i32" });
    const token = b.resolveToken({
      token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
      slot,
      lastToken: slotState("lastToken", [1], "i32"),
    });
    b.countTokens({
      token,
      generated: b.feed("generated", { shape: ["rows"], dtype: "i32" }),
      segment,
      count: slotState("count", [VOCABULARY], "i32"),
    });
    let hidden: Operand = b.embed(token, matrix("table", VOCABULARY, HIDDEN));

    const [gate, mixed, dt] = b.split(b.linear(hidden, matrix("in", 8 + 16 + 2, HIDDEN)), [8, 16, 2]);
    const conv = b.causalConv({
      input: mixed!,
      weight: matrix("conv", 16, 4),
      bias: vector("convBias", 16),
      kernelSize: 4,
      activation: "silu",
      segment,
      window: slotState("window", [16, 3]),
    });
    const [x, bb, c] = b.split(conv, [8, 4, 4]);
    const y = b.ssmScan({
      x: x!,
      b: bb!,
      c: c!,
      dt: dt!,
      a: vector("a", 2),
      d: vector("d", 2),
      dtBias: vector("dtBias", 2),
      heads: 2,
      headDim: 4,
      stateSize: 4,
      groups: 1,
      chunkSize: 8,
      timeStepLimit: [0, Number.POSITIVE_INFINITY],
      segment,
      recurrent: slotState("recurrent", [2, 4, 4]),
    });
    const gated = b.gatedGroupNorm({
      input: y,
      gate: gate!,
      weight: vector("gatedNorm", 8),
      groups: 2,
      epsilon: 1e-5,
    });
    hidden = b.linear(gated, matrix("out", HIDDEN, 8), { residual: hidden });

    const normed = b.rmsNorm(hidden, vector("norm", HIDDEN), { epsilon: 1e-5 });
    const cache = (name: string) =>
      b.state(name, { per: "page", count: PAGES, shape: [1, 4], dtype: kvDtype });
    const paged = {
      slot,
      position: b.feed("position", { shape: ["rows"], dtype: "i32" }),
      pageTable: slotState("pageTable", [MAX_PAGES], "i32"),
      keys: cache("keys"),
      values: cache("values"),
      keyValueHeads: 1,
      headDim: 4,
    };
    b.writeKv({
      key: b.linear(normed, matrix("key", 4, HIDDEN)),
      value: b.linear(normed, matrix("value", 4, HIDDEN)),
      ...paged,
    });
    const attended = b.attention({
      query: b.linear(normed, matrix("query", 8, HIDDEN)),
      heads: 2,
      scale: 0.5,
      ...paged,
    });
    hidden = b.linear(attended, matrix("attentionOut", HIDDEN, 8), { residual: hidden });
    hidden = b.linear(
      b.linear(hidden, matrix("up", 12, HIDDEN), { activation: "relu2" }),
      matrix("down", HIDDEN, 12),
      {
        residual: hidden,
      },
    );

    const outputs = b.gatherRows(hidden, b.feed("outputRow", { shape: ["outputRows"], dtype: "i32" }));
    b.output("logits", b.linear(outputs, matrix("head", VOCABULARY, HIDDEN)));
  });
}

/** A run of rows of one sequence: `tokens` at positions from `start` on. */
export interface Run {
  readonly slot: number;
  readonly start: number;
  readonly tokens: readonly number[];
  /** The slot to read the state from; `slot` unless given. */
  readonly readSlot?: number;
  /** Index into `tokens` and slot for the state after it. */
  readonly mark?: readonly [row: number, slot: number];
}

/** The small model on a backend, with pages 3·slot … 3·slot + 2 for slots 0, 1 and 2. */
export class SmallModel {
  readonly program: Program;
  readonly step: Step;
  readonly states: Readonly<Record<string, DeviceBuffer>>;

  private constructor(program: Program, step: Step, states: Readonly<Record<string, DeviceBuffer>>) {
    this.program = program;
    this.step = step;
    this.states = states;
  }

  static async load(backend: Backend, kvDtype: DType = "f32"): Promise<SmallModel> {
    const program = smallModel(kvDtype);
    const weights: Record<string, WeightBuffer> = {};
    for (const [i, [name, spec]] of Object.entries(program.weights).entries()) {
      const values = randomValues(byteLength(spec) / 4, i + 1);
      weights[name] = await backend.loadWeight(
        spec,
        sourceOf(name === "a" ? values.map((v) => -Math.abs(v)) : values),
      );
    }
    const states = Object.fromEntries(
      Object.entries(program.states).map(([name, spec]) => [name, backend.allocate(stateBytes(spec), name)]),
    );
    const pageTable = Int32Array.from({ length: SLOTS * MAX_PAGES }, (_, i) => (i < PAGES ? i : -1));
    states.pageTable!.write(0, new Uint8Array(pageTable.buffer));
    const executable = await backend.compile(program, { largest: LARGEST });
    return new SmallModel(program, executable.bind({ weights, states }), states);
  }

  /** Runs one step and gives the logits of every row, run by run. */
  async run(runs: readonly Run[]): Promise<Float32Array[]> {
    const { extents, feeds } = feedsOf(runs);
    this.step.run(extents, feeds);
    const bytes = await this.step.outputs.logits!.read(0, 4 * extents.rows * VOCABULARY);
    const logits = new Float32Array(bytes.buffer);
    let row = 0;
    return runs.map(({ tokens }) => {
      const first = row;
      row += tokens.length;
      return logits.slice(first * VOCABULARY, row * VOCABULARY);
    });
  }

  /** The bytes of one slot in every state of a slot. */
  async slot(slot: number): Promise<Record<string, Uint8Array>> {
    const result: Record<string, Uint8Array> = {};
    for (const [name, spec] of Object.entries(this.program.states)) {
      if (spec.per !== "slot" || name === "pageTable") continue;
      const bytes = stateUnitBytes(spec);
      result[name] = await this.states[name]!.read(slot * bytes, bytes);
    }
    return result;
  }
}

/** Feeds in which all rows are prompt rows and give logits. */
export function feedsOf(runs: readonly Run[]): { extents: Extents; feeds: Record<string, Int32Array> } {
  const rows = runs.reduce((sum, { tokens }) => sum + tokens.length, 0);
  let startRow = 0;
  const segment = runs.flatMap(({ slot, tokens, readSlot = slot, mark }) => {
    const first = startRow;
    startRow += tokens.length;
    return [first, tokens.length, readSlot, slot, mark ? first + mark[0] : -1, mark ? mark[1] : -1];
  });
  return {
    extents: {
      rows,
      segments: runs.length,
      longestSegment: Math.max(0, ...runs.map(({ tokens }) => tokens.length)),
      context: Math.max(0, ...runs.map(({ start, tokens }) => start + tokens.length)),
      outputRows: rows,
    },
    feeds: {
      token: Int32Array.from(runs.flatMap(({ tokens }) => tokens)),
      slot: Int32Array.from(runs.flatMap(({ slot, tokens }) => tokens.map(() => slot))),
      position: Int32Array.from(runs.flatMap(({ start, tokens }) => tokens.map((_, i) => start + i))),
      generated: new Int32Array(rows),
      segment: Int32Array.from(segment),
      outputRow: Int32Array.from({ length: rows }, (_, row) => row),
    },
  };
}

function sourceOf(values: Float32Array): WeightSource {
  const bytes = quantize("f32", values);
  return {
    byteLength: bytes.byteLength,
    async *pieces() {
      yield bytes;
    },
  };
}

export const POSITIONS_PER_SLOT: number = MAX_PAGES * PAGE_SIZE;
