import type { Model } from "@krait/models";
import {
  type Backend,
  CHOICE_COLUMNS,
  ChoiceColumn,
  type DeviceBuffer,
  type Extents,
  elementCount,
  PAGE_SIZE,
  type Program,
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
import { type LaunchTime, timeLaunches } from "./gpu.ts";

/** A step of one of a model's Programs. */
interface StepRun {
  readonly step: Step;
  readonly program: Program;
  readonly extents: Extents;
  readonly feeds: Readonly<Record<string, ArrayBufferView>>;
}

/** What the kernels of a step took. */
export interface ProgramTimes extends Omit<StepRun, "step"> {
  readonly launches: readonly LaunchTime[];
}

/**
 * Sequences that a model's two Programs run side by side, one in each slot, without an engine. None has read
 * what it remembers: pages are filled with random keys and values, so that a long context costs what it
 * costs without waiting for its prompt. Where pages do not suffice, sequences share them.
 */
export class SyntheticBatch implements Disposable {
  readonly states: Readonly<Record<string, DeviceBuffer>>;
  readonly #forward: Step;
  readonly #sample: Step;
  readonly #model: Model;
  readonly #vocabularySize: number;

  constructor(model: Model, backend: Backend) {
    this.#model = model;
    const { forward, sample } = model.programs;
    const { logits: _, ...specs } = { ...sample.states, ...forward.states };
    this.#vocabularySize = model.architecture.vocabularySize;
    this.states = Object.fromEntries(
      Object.entries(specs).map(([name, spec]) => [name, backend.allocate(stateBytes(spec), name)]),
    );
    this.#forward = model.forward.bind({ weights: model.weights, states: this.states });
    const logits = this.#forward.outputs.logits!;
    this.#sample = model.sample.bind({ weights: {}, states: { ...this.states, logits } });
    const { shape, count } = specs.pageTable!;
    const pages = Object.values(specs).find(({ per }) => per === "page")?.count ?? 1;
    const table = Int32Array.from({ length: count * shape[0]! }, (_, page) => page % pages);
    this.states.pageTable!.write(0, new Uint8Array(table.buffer));
    for (const [name, spec] of Object.entries(specs)) {
      if (spec.per === "page") this.#fillPages(name, spec, backend);
    }
  }

  /** Enqueues a token for each of so many sequences, each of which then spans `context` positions. */
  decode(sequences: number, context: number): void {
    for (const { step, extents, feeds } of this.#decoding(sequences, context)) step.run(extents, feeds);
  }

  /** Enqueues the next rows of one sequence's prompt. */
  prefill(rows: number, position: number): void {
    const { step, extents, feeds } = this.#reading(rows, position);
    step.run(extents, feeds);
  }

  /** What each kernel of a token takes, by Program. */
  async timeDecode(sequences: number, context: number): Promise<ProgramTimes[]> {
    const steps = this.#decoding(sequences, context);
    const times: ProgramTimes[] = [];
    for (const { step, ...rest } of steps) {
      times.push({ ...rest, launches: await timeLaunches(step, rest.extents, rest.feeds) });
    }
    return times;
  }

  /** What each kernel of a prompt's next rows takes. */
  async timePrefill(rows: number, position: number): Promise<ProgramTimes[]> {
    const { step, ...rest } = this.#reading(rows, position);
    return [{ ...rest, launches: await timeLaunches(step, rest.extents, rest.feeds) }];
  }

  /** Resolves when all that was enqueued is done. */
  async settled(): Promise<void> {
    await this.states.lastToken!.read(0, 4);
  }

  [Symbol.dispose](): void {
    this.#sample[Symbol.dispose]();
    this.#forward[Symbol.dispose]();
    for (const state of Object.values(this.states)) state[Symbol.dispose]();
  }

  #decoding(sequences: number, context: number): StepRun[] {
    const rows = Array.from({ length: sequences }, (_, slot) => slot);
    const segment = Int32Array.from(rows.flatMap((slot) => [slot, 1, slot, slot, -1, -1]));
    const forward = {
      step: this.#forward,
      program: this.#model.programs.forward,
      extents: { rows: sequences, segments: sequences, longestSegment: 1, context, outputRows: sequences },
      feeds: {
        token: Int32Array.from(rows, (slot) => (5 + slot) % this.#vocabularySize),
        slot: Int32Array.from(rows),
        position: new Int32Array(sequences).fill(context - 1),
        generated: new Int32Array(sequences).fill(1),
        segment,
        outputRow: Int32Array.from(rows),
      },
    };
    return [forward, this.#drawing(sequences, context)];
  }

  #reading(rows: number, position: number): StepRun {
    const segment = new Int32Array(SEGMENT_COLUMNS);
    segment.set([0, rows, 0, 0, -1, -1]);
    return {
      step: this.#forward,
      program: this.#model.programs.forward,
      extents: { rows, segments: 1, longestSegment: rows, context: position + rows, outputRows: 1 },
      feeds: {
        token: Int32Array.from({ length: rows }, (_, row) => (5 + row) % this.#vocabularySize),
        slot: new Int32Array(rows),
        position: Int32Array.from({ length: rows }, (_, row) => position + row),
        generated: new Int32Array(rows),
        segment,
        outputRow: Int32Array.of(rows - 1),
      },
    };
  }

  #drawing(rows: number, position: number): StepRun {
    const setting = new Float32Array(rows * SETTING_COLUMNS);
    const choice = new Int32Array(rows * CHOICE_COLUMNS);
    for (let row = 0; row < rows; row++) {
      setting[row * SETTING_COLUMNS + SettingColumn.temperature] = 1;
      setting[row * SETTING_COLUMNS + SettingColumn.topP] = 1;
      setting[row * SETTING_COLUMNS + SettingColumn.repetitionPenalty] = 1;
      choice[row * CHOICE_COLUMNS + ChoiceColumn.maskRow] = -1;
    }
    return {
      step: this.#sample,
      program: this.#model.programs.sample,
      extents: { rows: 0, segments: 0, longestSegment: 0, context: 0, outputRows: rows },
      feeds: {
        slot: Int32Array.from({ length: rows }, (_, row) => row),
        position: new Int32Array(rows).fill(position),
        setting,
        choice,
      },
    };
  }

  /** One page is written, and copied to twice as many each time. */
  #fillPages(name: string, spec: StateSpec, backend: Backend): void {
    const buffer = this.states[name]!;
    const unit = stateUnitBytes(spec);
    buffer.write(0, quantize(spec.dtype, new Random(1).normal(PAGE_SIZE * elementCount(spec.shape))));
    for (let pages = 1; pages < spec.count; pages *= 2) {
      const byteLength = Math.min(pages, spec.count - pages) * unit;
      backend.copy([
        { source: buffer, sourceOffset: 0, target: buffer, targetOffset: pages * unit, byteLength },
      ]);
    }
  }
}
