import type { Model } from "@krait/models";
import {
  type Backend,
  CHOICE_COLUMNS,
  ChoiceColumn,
  type DeviceBuffer,
  type Extents,
  elementCount,
  PAGE_SIZE,
  quantize,
  SEGMENT_COLUMNS,
  SETTING_COLUMNS,
  SettingColumn,
  type StateSpec,
  type Step,
  stateBytes,
  stateUnitBytes,
} from "@krait/tensor";
import { Random } from "@krait/testing";

const nothing: Extents = { rows: 0, segments: 0, longestSegment: 0, context: 0, outputRows: 0 };

/**
 * One sequence run by a model's two Programs and nothing else: no engine, no text. It need not have read
 * what it remembers, since keys and values can be written: the cost of a long context shows without
 * waiting for it.
 */
export class SyntheticSequence implements Disposable {
  readonly states: Readonly<Record<string, DeviceBuffer>>;
  readonly #specs: Readonly<Record<string, StateSpec>>;
  readonly #forward: Step;
  readonly #sample: Step;
  #filled = 0;
  #length = 0;

  constructor(model: Model, backend: Backend) {
    const { forward, sample } = model.programs;
    const { logits: _, ...specs } = { ...sample.states, ...forward.states };
    this.#specs = specs;
    this.states = Object.fromEntries(
      Object.entries(specs).map(([name, spec]) => [name, backend.allocate(stateBytes(spec), name)]),
    );
    this.#forward = model.forward.bind({ weights: model.weights, states: this.states });
    const logits = this.#forward.outputs.logits!;
    this.#sample = model.sample.bind({ weights: {}, states: { ...this.states, logits } });
    const pages = Int32Array.from({ length: this.#specs.pageTable!.shape[0]! }, (_, page) => page);
    this.states.pageTable!.write(0, new Uint8Array(pages.buffer));
  }

  /** Makes the sequence one that has seen so many positions. */
  fill(length: number): void {
    this.#length = length;
    const pages = Math.ceil(length / PAGE_SIZE);
    for (const [name, spec] of Object.entries(this.#specs)) {
      if (spec.per !== "page") continue;
      // All pages are alike, which no kernel can make use of.
      const page = randomPage(spec);
      for (let index = this.#filled; index < pages; index++) {
        this.states[name]!.write(index * stateUnitBytes(spec), page);
      }
    }
    this.#filled = Math.max(this.#filled, pages);
  }

  /** Generates tokens, each from the one before; resolves when the last has been read. */
  async decode(tokens: number): Promise<void> {
    for (let token = 0; token < tokens; token++) {
      this.forward(1);
      await this.sample();
    }
  }

  /** Enqueues `forward` over the next rows; the logits of the last one are wanted. */
  forward(rows: number): void {
    const { step, extents, feeds } = this.nextForward(rows);
    this.#length += rows;
    step.run(extents, feeds);
  }

  /** Draws a token from the logits; resolves when it has been read. */
  async sample(): Promise<void> {
    this.#sample.run({ ...nothing, outputRows: 1 }, sampleFeeds(this.#length));
    await this.#sample.outputs.token!.read(0, 4);
  }

  /** What `forward` would run for the next rows, for someone else to run. */
  nextForward(rows: number): {
    readonly step: Step;
    readonly extents: Extents;
    readonly feeds: Record<string, Int32Array>;
  } {
    const position = this.#length;
    const context = position + rows;
    const extents = { rows, segments: 1, longestSegment: rows, context, outputRows: 1 };
    return { step: this.#forward, extents, feeds: forwardFeeds(rows, position) };
  }

  [Symbol.dispose](): void {
    this.#sample[Symbol.dispose]();
    this.#forward[Symbol.dispose]();
    for (const state of Object.values(this.states)) state[Symbol.dispose]();
  }
}

/** Feeds of `forward` for consecutive rows of the sequence in slot 0. */
export function forwardFeeds(rows: number, position: number): Record<string, Int32Array> {
  const segment = new Int32Array(SEGMENT_COLUMNS);
  segment.set([0, rows, 0, 0, -1, -1]);
  return {
    token: Int32Array.from({ length: rows }, (_, row) => 5 + (row % 250)),
    slot: new Int32Array(rows),
    position: Int32Array.from({ length: rows }, (_, row) => position + row),
    generated: new Int32Array(rows),
    segment,
    outputRow: Int32Array.of(rows - 1),
  };
}

/** Feeds of `sample` for greedy choice in slot 0. */
export function sampleFeeds(position: number): Record<string, Int32Array | Float32Array> {
  const setting = new Float32Array(SETTING_COLUMNS);
  setting[SettingColumn.topP] = 1;
  setting[SettingColumn.repetitionPenalty] = 1;
  const choice = new Int32Array(CHOICE_COLUMNS);
  choice[ChoiceColumn.maskRow] = -1;
  return { slot: new Int32Array(1), position: Int32Array.of(position), setting, choice };
}

/** A page of keys or values of deviation 1. */
function randomPage(spec: StateSpec): Uint8Array {
  return quantize(spec.dtype, new Random(1).normal(PAGE_SIZE * elementCount(spec.shape)));
}
