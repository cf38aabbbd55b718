import {
  type Backend,
  type CopyRegion,
  type DeviceBuffer,
  PAGE_SIZE,
  type StateSpec,
  stateBytes,
  stateUnitBytes,
} from "@krait/tensor";
import { EngineError } from "./errors.ts";
import { PagePool } from "./page-pool.ts";

/** What a sequence and a snapshot have in common: a slot of fixed-size states, and pages. */
interface Holding {
  readonly slot: number;
  /** Positions that the states and pages cover. */
  readonly length: number;
  readonly pages: readonly number[];
}

/** The memory of one conversation on the device. It grows as the engine runs rows of it. */
export interface Sequence extends Holding {
  readonly kind: "sequence";
}

/** A sequence's memory as it was at one moment. */
export interface Snapshot extends Holding {
  readonly kind: "snapshot";
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** States of a slot that a new occupant need not find cleared: they are written before they are read. */
const writtenFirst: ReadonlySet<string> = new Set(["lastToken", "pageTable"]);

/**
 * Owns the states of all sequences on one backend: slots of fixed-size states, and pages of keys and
 * values that sequences share. All of it is bookkeeping plus `backend.copy`.
 *
 * A page that several own is written by one of them at most, and only beyond the positions of the
 * others: a snapshot shares the last partial page with its sequence, which goes on to fill it, and
 * whoever forks or restores gets a copy of that page to fill.
 */
export class StatePool {
  /** A buffer for each state, to bind to the Programs. */
  readonly buffers: Readonly<Record<string, DeviceBuffer>>;
  readonly #backend: Backend;
  readonly #states: readonly (readonly [name: string, spec: StateSpec])[];
  readonly #slots: number;
  readonly #freeSlots: number[];
  readonly #pages: PagePool;
  readonly #pageTableWidth: number;
  readonly #open = new Set<Holding>();

  /** @throws what `backend.allocate` throws; then nothing is left allocated. */
  constructor(backend: Backend, states: Readonly<Record<string, StateSpec>>) {
    this.#backend = backend;
    this.#states = Object.entries(states).filter(([, spec]) => spec.per !== "outputRow");
    const specs = this.#states.map(([, spec]) => spec);
    this.#slots = specs.find(({ per }) => per === "slot")?.count ?? 0;
    this.#freeSlots = Array.from({ length: this.#slots }, (_, index) => this.#slots - 1 - index);
    this.#pages = new PagePool(specs.find(({ per }) => per === "page")?.count ?? 0);
    this.#pageTableWidth = states.pageTable?.shape[0] ?? 0;
    const buffers: Record<string, DeviceBuffer> = {};
    try {
      for (const [name, spec] of this.#states) buffers[name] = backend.allocate(stateBytes(spec), name);
    } catch (error) {
      for (const buffer of Object.values(buffers)) buffer[Symbol.dispose]();
      throw error;
    }
    this.buffers = buffers;
  }

  get freeSlots(): number {
    return this.#freeSlots.length;
  }

  get freePages(): number {
    return this.#pages.freePages;
  }

  /**
   * A new sequence with cleared states.
   *
   * @throws {EngineError} `SLOTS_EXHAUSTED`
   */
  open(): Sequence {
    const slot = this.#takeSlot();
    for (const [name, spec] of this.#states) {
      if (spec.per !== "slot" || writtenFirst.has(name)) continue;
      const byteLength = stateUnitBytes(spec);
      this.buffers[name]!.clear(slot * byteLength, byteLength);
    }
    return this.#register({ kind: "sequence", slot, length: 0, pages: [] });
  }

  /** A second sequence with the same past: whole pages are shared, the last partial one and the slot are copied. */
  fork(parent: Sequence): Sequence {
    return this.#continueFrom(parent);
  }

  /** Keeps the sequence's memory as it is now. Takes a slot. */
  snapshot(sequence: Sequence): Snapshot {
    this.#requireOpen(sequence);
    const slot = this.#takeSlot();
    this.#backend.copy(this.#slotRegions(sequence.slot, slot));
    this.#pages.share(sequence.pages);
    return this.#register({ kind: "snapshot", slot, length: sequence.length, pages: [...sequence.pages] });
  }

  /** A sequence that goes on where the snapshot was taken. The snapshot stays. */
  restore(snapshot: Snapshot): Sequence {
    return this.#continueFrom(snapshot);
  }

  /** Gives back the slot, and the pages that nobody else holds. */
  close(holding: Sequence | Snapshot): void {
    this.#requireOpen(holding);
    this.#open.delete(holding);
    this.#freeSlots.push(holding.slot);
    this.#pages.release(holding.pages);
  }

  /**
   * Makes room for positions up to `length`, and says that the sequence covers them: called for the
   * rows of a step before the step is enqueued.
   *
   * @throws {EngineError} `PAGES_EXHAUSTED` or `CONTEXT_EXCEEDED`; then nothing has changed.
   */
  extend(sequence: Sequence, length: number): void {
    this.#requireOpen(sequence);
    const growing = sequence as Mutable<Sequence>;
    if (this.#pageTableWidth > 0) {
      const needed = Math.ceil(length / PAGE_SIZE);
      if (needed > this.#pageTableWidth) {
        throw new EngineError(
          "CONTEXT_EXCEEDED",
          `A sequence of ${length} positions does not fit into ${this.#pageTableWidth * PAGE_SIZE}.`,
          { length, capacity: this.#pageTableWidth * PAGE_SIZE },
        );
      }
      const added = this.#pages.take(Math.max(0, needed - sequence.pages.length));
      this.#writePageTable(sequence.slot, sequence.pages.length, added);
      growing.pages = [...sequence.pages, ...added];
    }
    growing.length = length;
  }

  dispose(): void {
    for (const buffer of Object.values(this.buffers)) buffer[Symbol.dispose]();
    this.#open.clear();
  }

  #continueFrom(past: Sequence | Snapshot): Sequence {
    this.#requireOpen(past);
    const wholePages = Math.floor(past.length / PAGE_SIZE);
    const shared = past.pages.slice(0, wholePages);
    const partial = past.pages.slice(wholePages, Math.ceil(past.length / PAGE_SIZE));
    const slot = this.#takeSlot();
    let copied: number[];
    try {
      copied = this.#pages.take(partial.length);
    } catch (error) {
      this.#freeSlots.push(slot);
      throw error;
    }
    this.#pages.share(shared);
    this.#backend.copy([
      ...this.#slotRegions(past.slot, slot),
      ...partial.flatMap((page, index) => this.#pageRegions(page, copied[index]!)),
    ]);
    const pages = [...shared, ...copied];
    this.#writePageTable(slot, 0, pages);
    return this.#register({ kind: "sequence", slot, length: past.length, pages });
  }

  #takeSlot(): number {
    const slot = this.#freeSlots.pop();
    if (slot === undefined) {
      throw new EngineError(
        "SLOTS_EXHAUSTED",
        `All ${this.#slots} slots hold a sequence or a snapshot. Close one, or load the model with a larger maxSequences.`,
        { slots: this.#slots },
      );
    }
    return slot;
  }

  #register<T extends Holding>(holding: T): T {
    this.#open.add(holding);
    return holding;
  }

  #requireOpen(holding: Sequence | Snapshot): void {
    if (this.#open.has(holding)) return;
    throw new EngineError("SEQUENCE_CLOSED", `This ${holding.kind} has been closed.`, { kind: holding.kind });
  }

  #slotRegions(source: number, target: number): CopyRegion[] {
    return this.#regions("slot", source, target).filter(({ source }) => source !== this.buffers.pageTable);
  }

  #pageRegions(source: number, target: number): CopyRegion[] {
    return this.#regions("page", source, target);
  }

  #regions(per: StateSpec["per"], source: number, target: number): CopyRegion[] {
    return this.#states
      .filter(([, spec]) => spec.per === per)
      .map(([name, spec]) => {
        const buffer = this.buffers[name]!;
        const byteLength = stateUnitBytes(spec);
        return {
          source: buffer,
          sourceOffset: source * byteLength,
          target: buffer,
          targetOffset: target * byteLength,
          byteLength,
        };
      });
  }

  #writePageTable(slot: number, index: number, pages: readonly number[]): void {
    if (pages.length === 0) return;
    const bytes = new Uint8Array(Int32Array.from(pages).buffer);
    this.buffers.pageTable!.write((slot * this.#pageTableWidth + index) * 4, bytes);
  }
}
