import type { Driver } from "../driver/driver.ts";
import { Result } from "../driver/results.ts";
import type { PinnedBlock, PinnedPool } from "./pinned-pool.ts";

/** What the device says of its end: fails it for a reason, and gives the error that everything rejects with. */
export type EndOfDevice = (error: unknown) => Error;

/** Regions so near to each other come in one copy, with what is between them. */
const LARGEST_GAP = 4096;

/** How long the event loop is asked at every turn whether a read is there; later, every millisecond. */
const EAGER_MILLISECONDS = 20;

interface Region {
  /** Where its allocation begins: what lies between two allocations may not be readable. */
  readonly base: bigint;
  readonly from: bigint;
  readonly byteLength: number;
  readonly resolve: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly reject: (error: Error) => void;
}

/** Reads that were asked for one after the other, with no other command between them. */
export class ReadBatch {
  readonly regions: Region[] = [];

  add(base: bigint, byteOffset: number, byteLength: number): Promise<Uint8Array<ArrayBuffer>> {
    const from = base + BigInt(byteOffset);
    return new Promise((resolve, reject) => this.regions.push({ base, from, byteLength, resolve, reject }));
  }

  reject(error: Error): void {
    for (const { reject } of this.regions) reject(error);
  }

  /** The stretches of memory that cover all regions, in order of address. */
  stretches(): { readonly from: bigint; readonly end: bigint }[] {
    const sorted = [...this.regions].sort((a, b) => (a.from < b.from ? -1 : 1));
    const found: { readonly base: bigint; readonly from: bigint; end: bigint }[] = [];
    for (const { base, from, byteLength } of sorted) {
      const end = from + BigInt(byteLength);
      const last = found.at(-1);
      const isNear = last !== undefined && last.base === base && from - last.end <= LARGEST_GAP;
      if (!isNear) found.push({ base, from, end });
      else if (end > last.end) last.end = end;
    }
    return found;
  }
}

/** A batch on its way. */
interface Pending {
  readonly block: PinnedBlock;
  /** Called when the block holds the bytes. */
  readonly done: () => void;
  readonly reject: (error: Error) => void;
}

/** Batches on their way from the device, the oldest first; the event loop is never blocked for them. */
export class Reads {
  readonly #driver: Driver;
  readonly #pinned: PinnedPool;
  readonly #end: EndOfDevice;
  readonly #pending: Pending[] = [];
  #isPolling = false;
  #waitingSince = 0;

  constructor(driver: Driver, pinned: PinnedPool, end: EndOfDevice) {
    this.#driver = driver;
    this.#pinned = pinned;
    this.#end = end;
  }

  /** Enqueues the copies of a batch; returns how many. */
  enqueue(batch: ReadBatch, stream: bigint): number {
    try {
      const stretches = batch.stretches();
      const total = stretches.reduce((sum, { from, end }) => sum + Number(end - from), 0);
      const block = this.#pinned.take(total);
      let at = 0;
      const placed = stretches.map(({ from, end }) => {
        const byteLength = Number(end - from);
        this.#driver.call("cuMemcpyDtoHAsync_v2", block.address + BigInt(at), from, byteLength, stream);
        at += byteLength;
        return { from, end, at: at - byteLength };
      });
      const done = () => {
        for (const { from, byteLength, resolve } of batch.regions) {
          const stretch = placed.find((other) => other.from <= from && from < other.end)!;
          const start = stretch.at + Number(from - stretch.from);
          resolve(block.bytes.slice(start, start + byteLength));
        }
      };
      this.#wait({ block, done, reject: (error) => batch.reject(error) });
      return stretches.length;
    } catch (error) {
      batch.reject(this.#end(error));
      return 0;
    }
  }

  /** Resolves when everything enqueued so far is done. */
  settled(): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#wait({ block: this.#pinned.take(0), done: resolve, reject }),
    );
  }

  fail(error: Error): void {
    for (const { reject } of this.#pending.splice(0)) reject(error);
  }

  #wait(pending: Pending): void {
    this.#pinned.record(pending.block);
    this.#pending.push(pending);
    if (this.#isPolling) return;
    this.#isPolling = true;
    this.#waitingSince = performance.now();
    setImmediate(() => this.#poll());
  }

  #poll(): void {
    try {
      for (let next = this.#pending[0]; next !== undefined; next = this.#pending[0]) {
        const result = this.#driver.result("cuEventQuery", next.block.event);
        if (result === Result.notReady) break;
        if (result !== Result.success) throw this.#driver.error("cuEventQuery", result);
        this.#pending.shift();
        next.done();
        this.#pinned.give(next.block);
        this.#waitingSince = performance.now();
      }
    } catch (error) {
      this.fail(this.#end(error));
    }
    this.#isPolling = this.#pending.length > 0;
    if (!this.#isPolling) return;
    // A worker thread that waits for the event would cost more than the wait for a token often is.
    if (performance.now() - this.#waitingSince < EAGER_MILLISECONDS) setImmediate(() => this.#poll());
    else setTimeout(() => this.#poll(), 1);
  }
}
