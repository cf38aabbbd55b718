import {
  type Backend,
  type CopyRegion,
  type DeviceBuffer,
  type StateSpec,
  stateUnitBytes,
} from "@krait/tensor";
import { EngineError } from "./errors.ts";

/** One state of a slot, and where it lies in a packed copy of the slot. */
export interface PackedState {
  readonly name: string;
  readonly spec: StateSpec;
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** Keeps copies of slots: a buffer for each, its states one after the other. The page table is not one of them. */
export class SnapshotStore {
  readonly states: readonly PackedState[];
  /** Of one copy. */
  readonly byteLength: number;
  readonly #backend: Backend;
  readonly #most: number;
  readonly #free: DeviceBuffer[] = [];
  #held = 0;

  /** @param bytes - what all copies may take. */
  constructor(backend: Backend, states: Readonly<Record<string, StateSpec>>, bytes: number) {
    this.#backend = backend;
    let byteLength = 0;
    this.states = Object.entries(states)
      .filter(([name, spec]) => spec.per === "slot" && name !== "pageTable")
      .map(([name, spec]) => {
        const state = { name, spec, byteOffset: byteLength, byteLength: stateUnitBytes(spec) };
        byteLength += state.byteLength;
        return state;
      });
    this.byteLength = byteLength;
    this.#most = byteLength === 0 ? 0 : Math.floor(bytes / byteLength);
  }

  /** How many copies there may be. */
  get capacity(): number {
    return this.#most;
  }

  /** How many there are. */
  get held(): number {
    return this.#held;
  }

  /**
   * A buffer for a copy.
   *
   * @throws {EngineError} `SNAPSHOTS_EXHAUSTED`, and what `backend.allocate` throws.
   */
  take(): DeviceBuffer {
    if (this.#held >= this.#most) {
      throw new EngineError(
        "SNAPSHOTS_EXHAUSTED",
        `All ${this.#most} snapshots that fit into the prefix cache's memory, of ${this.byteLength} bytes each, are ` +
          "taken. Close one, or load the model with a larger prefixCacheBytes.",
        { snapshots: this.#most, bytesEach: this.byteLength },
      );
    }
    const buffer = this.#free.pop() ?? this.#backend.allocate(this.byteLength, "snapshot");
    this.#held++;
    return buffer;
  }

  give(buffer: DeviceBuffer): void {
    this.#held--;
    this.#free.push(buffer);
  }

  /** Copies that make `buffer` what a slot of the pool is, or the other way round. */
  regions(
    pool: Readonly<Record<string, DeviceBuffer>>,
    slot: number,
    buffer: DeviceBuffer,
    direction: "from-slot" | "to-slot",
  ): CopyRegion[] {
    return this.states.map(({ name, byteOffset, byteLength }) => {
      const inSlot = { buffer: pool[name]!, offset: slot * byteLength };
      const packed = { buffer, offset: byteOffset };
      const [from, to] = direction === "from-slot" ? [inSlot, packed] : [packed, inSlot];
      return {
        source: from.buffer,
        sourceOffset: from.offset,
        target: to.buffer,
        targetOffset: to.offset,
        byteLength,
      };
    });
  }

  /** Frees the buffers that nobody holds; those that are held go with {@link give}. */
  dispose(): void {
    for (const buffer of this.#free.splice(0)) buffer[Symbol.dispose]();
  }
}
