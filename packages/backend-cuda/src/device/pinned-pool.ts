import type { Driver } from "../driver/driver.ts";
import { EventFlag, Result } from "../driver/results.ts";

/** Memory of the host that the device copies from and to beside other work. */
export interface PinnedBlock {
  readonly address: bigint;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Recorded after the last command that uses the block. */
  readonly event: bigint;
}

/** The least that a block has, so that steps and reads of usual sizes share theirs. */
const SMALLEST = 2 ** 16;

/** Bytes of blocks that are kept for later. */
const KEPT_BYTES = 2 ** 26;

/** Pinned blocks of sizes that are powers of two, used again once the device is done with them. */
export class PinnedPool {
  readonly #driver: Driver;
  readonly #stream: bigint;
  readonly #all = new Set<PinnedBlock>();
  /** By size: those that are done with first. */
  readonly #returned = new Map<number, PinnedBlock[]>();
  #keptBytes = 0;

  constructor(driver: Driver, stream: bigint) {
    this.#driver = driver;
    this.#stream = stream;
  }

  /** A block that nobody uses, of at least so many bytes. */
  take(byteLength: number): PinnedBlock {
    const size = Math.max(SMALLEST, 2 ** Math.ceil(Math.log2(byteLength)));
    const returned = this.#returned.get(size);
    const oldest = returned?.[0];
    if (oldest !== undefined && this.#driver.result("cuEventQuery", oldest.event) === Result.success) {
      returned!.shift();
      this.#keptBytes -= size;
      return oldest;
    }
    const address = this.#driver.handle("cuMemHostAlloc", size, 0);
    const event = this.#driver.handle("cuEventCreate", EventFlag.withoutTiming);
    const block = { address, bytes: this.#driver.view(address, size), event };
    this.#all.add(block);
    return block;
  }

  /** Marks the point in the stream after which the device no longer uses the block. */
  record(block: PinnedBlock): void {
    this.#driver.call("cuEventRecord", block.event, this.#stream);
  }

  /** Gives a block back. Its event may still be ahead. */
  give(block: PinnedBlock): void {
    const size = block.bytes.byteLength;
    const isDone = this.#driver.result("cuEventQuery", block.event) === Result.success;
    if (isDone && this.#keptBytes + size > KEPT_BYTES) {
      this.#free(block);
      return;
    }
    const returned = this.#returned.get(size);
    if (returned === undefined) this.#returned.set(size, [block]);
    else returned.push(block);
    this.#keptBytes += size;
  }

  /** The stream must be idle. */
  dispose(): void {
    for (const block of this.#all) this.#free(block);
    this.#returned.clear();
  }

  #free(block: PinnedBlock): void {
    this.#all.delete(block);
    this.#driver.call("cuEventDestroy_v2", block.event);
    this.#driver.call("cuMemFreeHost", block.address);
  }
}
