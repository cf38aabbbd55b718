import { KraitError } from "@krait/tensor";
import { BufferUsage } from "./flags.ts";

/** Most queries that a set may have. */
const SET_QUERIES = 4096;

/** Takes the time of dispatches on the device; it needs the feature `timestamp-query`. */
export class DispatchTimer implements Disposable {
  readonly #sets: readonly GPUQuerySet[];
  readonly #resolved: GPUBuffer;
  readonly #dispatches: number;

  /** @throws {KraitError} `FEATURE_MISSING` where the adapter has no timestamps. */
  static require(device: GPUDevice): void {
    if (device.features.has("timestamp-query")) return;
    throw new KraitError(
      "FEATURE_MISSING",
      'Kernels cannot be timed here: the adapter lacks "timestamp-query".',
    );
  }

  constructor(device: GPUDevice, dispatches: number) {
    this.#dispatches = dispatches;
    this.#sets = Array.from({ length: Math.ceil((2 * dispatches) / SET_QUERIES) }, () =>
      device.createQuerySet({ type: "timestamp", count: SET_QUERIES }),
    );
    this.#resolved = device.createBuffer({
      label: "timestamps",
      size: Math.max(8 * SET_QUERIES * this.#sets.length, 16),
      usage: BufferUsage.queryResolve | BufferUsage.copySource,
    });
  }

  /** What the pass of a dispatch is begun with. */
  pass(dispatch: number): GPUComputePassDescriptor {
    const query = 2 * dispatch;
    const beginningOfPassWriteIndex = query % SET_QUERIES;
    return {
      timestampWrites: {
        querySet: this.#sets[Math.floor(query / SET_QUERIES)]!,
        beginningOfPassWriteIndex,
        endOfPassWriteIndex: beginningOfPassWriteIndex + 1,
      },
    };
  }

  /** Encodes that the times are written down; they are in the buffer after that. */
  resolve(encoder: GPUCommandEncoder): GPUBuffer {
    for (const [index, set] of this.#sets.entries()) {
      encoder.resolveQuerySet(set, 0, SET_QUERIES, this.#resolved, 8 * SET_QUERIES * index);
    }
    return this.#resolved;
  }

  /** Seconds of each dispatch, from the bytes of the buffer. */
  seconds(bytes: Uint8Array<ArrayBuffer>): number[] {
    const nanoseconds = new BigUint64Array(bytes.buffer);
    return Array.from({ length: this.#dispatches }, (_, dispatch) => {
      const [start, end] = [nanoseconds[2 * dispatch]!, nanoseconds[2 * dispatch + 1]!];
      return end > start ? Number(end - start) / 1e9 : 0;
    });
  }

  [Symbol.dispose](): void {
    for (const set of this.#sets) set.destroy();
    this.#resolved.destroy();
  }
}
