import type { Driver } from "../driver/driver.ts";
import { type PinnedBlock, PinnedPool } from "./pinned-pool.ts";
import { type EndOfDevice, ReadBatch, Reads } from "./reads.ts";

/** What is written at once: longer writes are cut, so that pinned memory stays small. */
const LARGEST_WRITE = 2 ** 23;

/** Everything that goes to the device, in one stream, in the order in which it was enqueued. */
export class CommandQueue {
  /** Kernels that were launched by themselves, and graphs of them. */
  launches = 0;
  graphLaunches = 0;
  bytesRead = 0;
  /** Copies between host and device. */
  uploads = 0;
  downloads = 0;
  readonly stream: bigint;
  readonly #driver: Driver;
  readonly #pinned: PinnedPool;
  readonly #reads: Reads;
  #batch: ReadBatch | undefined;

  constructor(driver: Driver, stream: bigint, end: EndOfDevice) {
    this.#driver = driver;
    this.stream = stream;
    this.#pinned = new PinnedPool(driver, stream);
    this.#reads = new Reads(driver, this.#pinned, end);
  }

  /** To be called before a command is enqueued: reads that were asked for before it come first. */
  flush(): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    this.#batch = undefined;
    this.downloads += this.#reads.enqueue(batch, this.stream);
  }

  /** Pinned memory of so many bytes that {@link upload} copies from. */
  staging(byteLength: number): PinnedBlock {
    return this.#pinned.take(byteLength);
  }

  /** Enqueues the copy of a staging block's first bytes, and gives the block back. */
  upload(block: PinnedBlock, to: bigint, byteLength: number): void {
    this.flush();
    this.#driver.call("cuMemcpyHtoDAsync_v2", to, block.address, byteLength, this.stream);
    this.#pinned.record(block);
    this.#pinned.give(block);
    this.uploads++;
  }

  write(to: bigint, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.byteLength; at += LARGEST_WRITE) {
      const part = bytes.subarray(at, at + LARGEST_WRITE);
      const block = this.staging(part.byteLength);
      block.bytes.set(part);
      this.upload(block, to + BigInt(at), part.byteLength);
    }
  }

  clear(at: bigint, byteLength: number): void {
    this.flush();
    this.#driver.call("cuMemsetD8Async", at, 0, byteLength, this.stream);
  }

  copy(to: bigint, from: bigint, byteLength: number): void {
    this.flush();
    this.#driver.call("cuMemcpyDtoDAsync_v2", to, from, byteLength, this.stream);
  }

  /**
   * The bytes as they are after everything enqueued before. Reads that follow each other are downloaded
   * together.
   */
  read(base: bigint, byteOffset: number, byteLength: number): Promise<Uint8Array<ArrayBuffer>> {
    if (byteLength === 0) return Promise.resolve(new Uint8Array(0));
    this.bytesRead += byteLength;
    if (this.#batch === undefined) {
      this.#batch = new ReadBatch();
      queueMicrotask(() => this.flush());
    }
    return this.#batch.add(base, byteOffset, byteLength);
  }

  /** Resolves when everything enqueued so far is done. */
  async settled(): Promise<void> {
    this.flush();
    await this.#reads.settled();
  }

  /** Everything pending rejects. */
  fail(error: Error): void {
    this.#batch?.reject(error);
    this.#batch = undefined;
    this.#reads.fail(error);
  }

  /** The stream must be idle. */
  dispose(): void {
    this.#pinned.dispose();
  }
}
