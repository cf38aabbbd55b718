import {
  type Backend,
  type CopyRegion,
  type DeviceBuffer,
  PAGE_SIZE,
  type StateSpec,
  type Step,
  stateBytes,
  stateUnitBytes,
} from "@krait/tensor";
import { Random } from "./random.ts";
import { layRows, type SequenceRows } from "./row-feeds.ts";
import type { RunnableModel } from "./runnable-model.ts";

/**
 * Runs steps of a model over slots, and does nothing else: no schedule, no sampling, no pool. What is
 * shown with it is shown of the Program and the backend.
 *
 * Every slot owns its pages from the start; they lie apart and out of order.
 */
export class RowRunner {
  readonly step: Step;
  readonly states: Readonly<Record<string, DeviceBuffer>>;
  readonly #backend: Backend;
  readonly #specs: Readonly<Record<string, StateSpec>>;
  readonly #feeds: ReadonlySet<string>;
  readonly #vocabularySize: number;
  /** The pages of each slot, in order of position. */
  readonly #pages: readonly (readonly number[])[];
  readonly #lengths: number[];

  constructor(model: RunnableModel, backend: Backend) {
    const { states: specs, feeds, outputs, values } = model.programs.forward;
    this.#backend = backend;
    this.#specs = specs;
    this.#feeds = new Set(Object.keys(feeds));
    this.#vocabularySize = values[outputs.logits!.value]!.columns;
    this.states = Object.fromEntries(
      Object.entries(specs).map(([name, spec]) => [name, backend.allocate(stateBytes(spec), name)]),
    );
    const slots = specs.tokenCount!.count;
    this.#lengths = new Array(slots).fill(0);
    this.#pages = this.#layPages(slots);
    this.step = model.forward.bind({ weights: model.weights, states: this.states });
  }

  /**
   * Runs one step with the rows of some sequences, in the order given.
   *
   * @param padding - rows of padding before the first, between and after the last sequence.
   * @returns for each sequence the logits after each of its tokens, `[tokens, vocabularySize]`.
   */
  async run(sequences: readonly SequenceRows[], padding = 0): Promise<Float32Array[]> {
    for (const { slot, readSlot = slot } of sequences) {
      if (readSlot !== slot) this.#copyPages(readSlot, slot);
    }
    const { extents, feeds } = layRows(sequences, this.#lengths, padding);
    const wanted = Object.entries(feeds).filter(([name]) => this.#feeds.has(name));
    this.step.run(extents, Object.fromEntries(wanted));
    for (const { slot, readSlot = slot, tokens, mark } of sequences) {
      const start = this.#lengths[readSlot]!;
      this.#lengths[slot] = start + tokens.length;
      if (mark === undefined) continue;
      this.#copyPages(slot, mark.slot);
      this.#lengths[mark.slot] = start + mark.after;
    }

    const bytes = await this.step.outputs.logits!.read(0, 4 * extents.outputRows * this.#vocabularySize);
    const logits = new Float32Array(bytes.slice().buffer);
    let row = 0;
    return sequences.map(({ tokens }) => {
      const from = row;
      row += tokens.length;
      return logits.subarray(from * this.#vocabularySize, row * this.#vocabularySize);
    });
  }

  /** Empties a slot. Its pages keep what they held, which nobody may see. */
  clear(slot: number): void {
    for (const [name, { unitBytes }] of this.#slotStates()) {
      this.states[name]!.write(slot * unitBytes, new Uint8Array(unitBytes));
    }
    this.#lengths[slot] = 0;
  }

  /** Makes one slot what another is, pages and all. */
  copySlot(from: number, to: number): void {
    const regions = this.#slotStates().map(([name, { unitBytes }]) =>
      this.#region(name, from, to, unitBytes),
    );
    this.#backend.copy(regions);
    this.#copyPages(from, to);
    this.#lengths[to] = this.#lengths[from]!;
  }

  /** Everything that a slot knows of its sequence, by state; keys and values in order of position. */
  async slotState(slot: number): Promise<Record<string, Uint8Array>> {
    const state: Record<string, Uint8Array> = {};
    for (const [name, { unitBytes }] of this.#slotStates()) {
      state[name] = await this.states[name]!.read(slot * unitBytes, unitBytes);
    }
    for (const [name, { unitBytes }] of this.#pageStates()) {
      const bytes = new Uint8Array(this.#lengths[slot]! * (unitBytes / PAGE_SIZE));
      for (let page = 0; page * unitBytes < bytes.byteLength; page++) {
        const held = await this.states[name]!.read(this.#pages[slot]![page]! * unitBytes, unitBytes);
        bytes.set(held.subarray(0, bytes.byteLength - page * unitBytes), page * unitBytes);
      }
      state[name] = bytes;
    }
    return state;
  }

  dispose(): void {
    this.step[Symbol.dispose]();
    for (const state of Object.values(this.states)) state[Symbol.dispose]();
  }

  #layPages(slots: number): number[][] {
    const table = this.#specs.pageTable;
    const [pages] = this.#pageStates();
    if (table === undefined || pages === undefined) return [];
    const all = new Random(7).shuffle(
      Array.from({ length: this.#specs[pages[0]]!.count }, (_, page) => page),
    );
    const perSlot = Math.min(table.shape[0]!, Math.floor(all.length / slots));
    return Array.from({ length: slots }, (_, slot) => {
      const own = all.slice(slot * perSlot, (slot + 1) * perSlot);
      const bytes = new Uint8Array(Int32Array.from(own).buffer);
      this.states.pageTable!.write(slot * stateUnitBytes(table), bytes);
      return own;
    });
  }

  #copyPages(from: number, to: number): void {
    this.#backend.copy(
      this.#pageStates().flatMap(([name, { unitBytes }]) =>
        this.#pages[from]!.map((page, index) =>
          this.#region(name, page, this.#pages[to]![index]!, unitBytes),
        ),
      ),
    );
  }

  #region(name: string, from: number, to: number, unitBytes: number): CopyRegion {
    const buffer = this.states[name]!;
    return {
      source: buffer,
      sourceOffset: from * unitBytes,
      target: buffer,
      targetOffset: to * unitBytes,
      byteLength: unitBytes,
    };
  }

  /** All per-slot states but the page table, which says where a slot's pages are and not what they hold. */
  #slotStates(): [name: string, { unitBytes: number }][] {
    return this.#statesPer("slot").filter(([name]) => name !== "pageTable");
  }

  #pageStates(): [name: string, { unitBytes: number }][] {
    return this.#statesPer("page");
  }

  #statesPer(per: StateSpec["per"]): [name: string, { unitBytes: number }][] {
    return Object.entries(this.#specs)
      .filter(([, spec]) => spec.per === per)
      .map(([name, spec]) => [name, { unitBytes: stateUnitBytes(spec) }]);
  }
}
