import {
  type Backend,
  type CopyRegion,
  type DeviceBuffer,
  PAGE_SIZE,
  type StateSpec,
  stateBytes,
  stateUnitBytes,
} from "@krait/tensor";
import { doOrUndo } from "./do-or-undo.ts";
import { EngineError } from "./errors.ts";
import { PagePool } from "./page-pool.ts";
import { SnapshotStore } from "./snapshot-store.ts";

/** What a sequence and a snapshot have in common. */
interface Holding {
  /** Positions that the states and pages cover. */
  readonly length: number;
  readonly pages: readonly number[];
}

/** The memory of one conversation on the device. It grows as the engine runs rows of it. */
export interface Sequence extends Holding {
  readonly kind: "sequence";
  /** Where its states of fixed size are. */
  readonly slot: number;
}

/** A sequence's memory as it was at one moment: references to its pages, and a copy of its slot. */
export interface Snapshot extends Holding {
  readonly kind: "snapshot";
  readonly states: DeviceBuffer;
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
  readonly slots: number;
  readonly pages: number;
  readonly snapshots: SnapshotStore;
  readonly #backend: Backend;
  readonly #states: readonly (readonly [name: string, spec: StateSpec])[];
  readonly #freeSlots: number[];
  readonly #pagePool: PagePool;
  readonly #pageTableWidth: number;
  readonly #open = new Set<Sequence | Snapshot>();

  /**
   * @param snapshotBytes - what snapshots may take, beside the pages that they share.
   * @throws what `backend.allocate` throws; then nothing is left allocated.
   */
  constructor(backend: Backend, states: Readonly<Record<string, StateSpec>>, snapshotBytes: number) {
    this.#backend = backend;
    this.#states = Object.entries(states).filter(([, spec]) => spec.per !== "outputRow");
    const specs = this.#states.map(([, spec]) => spec);
    this.slots = specs.find(({ per }) => per === "slot")?.count ?? 0;
    this.pages = specs.find(({ per }) => per === "page")?.count ?? 0;
    this.#freeSlots = Array.from({ length: this.slots }, (_, index) => this.slots - 1 - index);
    this.#pagePool = new PagePool(this.pages);
    this.#pageTableWidth = states.pageTable?.shape[0] ?? 0;
    this.snapshots = new SnapshotStore(backend, states, snapshotBytes);
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
    return this.#pagePool.freePages;
  }

  /** Bytes of one page of keys and values, over all layers. */
  get pageBytes(): number {
    return this.pageStates.reduce((sum, { spec }) => sum + stateUnitBytes(spec), 0);
  }

  /** Whether it is this pool's, and has not been closed. */
  isOpen(holding: Sequence | Snapshot): boolean {
    return this.#open.has(holding);
  }

  /** How many sequences and snapshots hold a page. */
  ownersOf(page: number): number {
    return this.#pagePool.owners(page);
  }

  /** The states of pages, with their buffers. */
  get pageStates(): readonly {
    readonly name: string;
    readonly spec: StateSpec;
    readonly buffer: DeviceBuffer;
  }[] {
    return this.#states
      .filter(([, { per }]) => per === "page")
      .map(([name, spec]) => ({ name, spec, buffer: this.buffers[name]! }));
  }

  /** Pages that so many positions lie in. */
  pagesFor(length: number): number {
    return this.#pageTableWidth === 0 ? 0 : Math.ceil(length / PAGE_SIZE);
  }

  /**
   * A new sequence with cleared states.
   *
   * @throws {EngineError} `SLOTS_EXHAUSTED`
   */
  open(): Sequence {
    const slot = this.#takeSlot();
    const clear = (): void => {
      for (const [name, spec] of this.#states) {
        if (spec.per !== "slot" || writtenFirst.has(name)) continue;
        const byteLength = stateUnitBytes(spec);
        this.buffers[name]!.clear(slot * byteLength, byteLength);
      }
    };
    doOrUndo(clear, () => this.#freeSlots.push(slot));
    return this.#register({ kind: "sequence", slot, length: 0, pages: [] });
  }

  /** A second sequence with the same past: whole pages are shared, the last partial one and the slot are copied. */
  fork(parent: Sequence): Sequence {
    return this.#continueFrom(parent, (slot) =>
      this.snapshots.states.map(({ name, byteLength }) => {
        const buffer = this.buffers[name]!;
        const [sourceOffset, targetOffset] = [parent.slot * byteLength, slot * byteLength];
        return { source: buffer, sourceOffset, target: buffer, targetOffset, byteLength };
      }),
    );
  }

  /**
   * Keeps the sequence's memory as it is now.
   *
   * @throws {EngineError} `SNAPSHOTS_EXHAUSTED`, and what `backend.allocate` throws; then nothing has changed.
   */
  snapshot(sequence: Sequence): Snapshot {
    this.#requireOpen(sequence);
    const states = this.snapshots.take();
    const regions = this.snapshots.regions(this.buffers, sequence.slot, states, "from-slot");
    doOrUndo(
      () => this.#backend.copy(regions),
      () => this.snapshots.give(states),
    );
    this.#pagePool.share(sequence.pages);
    const { length, pages } = sequence;
    return this.#register({ kind: "snapshot", states, length, pages: [...pages] });
  }

  /** A sequence that goes on where the snapshot was taken. The snapshot stays. */
  restore(snapshot: Snapshot): Sequence {
    return this.#continueFrom(snapshot, (slot) =>
      this.snapshots.regions(this.buffers, slot, snapshot.states, "to-slot"),
    );
  }

  /**
   * A snapshot with memory of its own that nobody has written yet: whoever asks for it fills it.
   *
   * @throws {EngineError} `SNAPSHOTS_EXHAUSTED` or `PAGES_EXHAUSTED`; then nothing has changed.
   */
  emptySnapshot(length: number): Snapshot {
    const pages = this.#pagePool.take(this.pagesFor(length));
    const states = doOrUndo(
      () => this.snapshots.take(),
      () => this.#pagePool.release(pages),
    );
    return this.#register({ kind: "snapshot", states, length, pages });
  }

  /** Gives back the slot or the copy of one, and the pages that nobody else holds. */
  close(holding: Sequence | Snapshot): void {
    this.#requireOpen(holding);
    this.#open.delete(holding);
    if (holding.kind === "sequence") this.#freeSlots.push(holding.slot);
    else this.snapshots.give(holding.states);
    this.#pagePool.release(holding.pages);
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
      const needed = this.pagesFor(length);
      if (needed > this.#pageTableWidth) {
        throw new EngineError(
          "CONTEXT_EXCEEDED",
          `A sequence of ${length} positions does not fit into ${this.#pageTableWidth * PAGE_SIZE}.`,
          { length, capacity: this.#pageTableWidth * PAGE_SIZE },
        );
      }
      if (needed > sequence.pages.length) {
        const added = this.#pagePool.take(needed - sequence.pages.length);
        doOrUndo(
          () => this.#writePageTable(sequence.slot, sequence.pages.length, added),
          () => this.#pagePool.release(added),
        );
        growing.pages = [...sequence.pages, ...added];
      }
    }
    growing.length = length;
  }

  dispose(): void {
    for (const holding of this.#open) if (holding.kind === "snapshot") holding.states[Symbol.dispose]();
    this.snapshots.dispose();
    for (const buffer of Object.values(this.buffers)) buffer[Symbol.dispose]();
    this.#open.clear();
  }

  #continueFrom(past: Sequence | Snapshot, slotRegions: (slot: number) => CopyRegion[]): Sequence {
    this.#requireOpen(past);
    const wholePages = Math.floor(past.length / PAGE_SIZE);
    const shared = past.pages.slice(0, wholePages);
    const partial = past.pages.slice(wholePages, Math.ceil(past.length / PAGE_SIZE));
    const slot = this.#takeSlot();
    let copied: number[] = [];
    const copy = (): void => {
      copied = this.#pagePool.take(partial.length);
      this.#backend.copy([
        ...slotRegions(slot),
        ...partial.flatMap((page, index) => this.#pageRegions(page, copied[index]!)),
      ]);
      this.#writePageTable(slot, 0, [...shared, ...copied]);
    };
    doOrUndo(copy, () => {
      this.#freeSlots.push(slot);
      this.#pagePool.release(copied);
    });
    this.#pagePool.share(shared);
    return this.#register({ kind: "sequence", slot, length: past.length, pages: [...shared, ...copied] });
  }

  #takeSlot(): number {
    const slot = this.#freeSlots.pop();
    if (slot === undefined) {
      throw new EngineError(
        "SLOTS_EXHAUSTED",
        `All ${this.slots} slots hold a sequence. Close one, or load the model with a larger maxSequences.`,
        { slots: this.slots },
      );
    }
    return slot;
  }

  #register<T extends Sequence | Snapshot>(holding: T): T {
    this.#open.add(holding);
    return holding;
  }

  #requireOpen(holding: Sequence | Snapshot): void {
    if (this.#open.has(holding)) return;
    throw new EngineError("SEQUENCE_CLOSED", `This ${holding.kind} has been closed.`, { kind: holding.kind });
  }

  #pageRegions(source: number, target: number): CopyRegion[] {
    return this.pageStates.map(({ spec, buffer }) => {
      const byteLength = stateUnitBytes(spec);
      const [sourceOffset, targetOffset] = [source * byteLength, target * byteLength];
      return { source: buffer, sourceOffset, target: buffer, targetOffset, byteLength };
    });
  }

  #writePageTable(slot: number, index: number, pages: readonly number[]): void {
    if (pages.length === 0) return;
    const bytes = new Uint8Array(Int32Array.from(pages).buffer);
    this.buffers.pageTable!.write((slot * this.#pageTableWidth + index) * 4, bytes);
  }
}
