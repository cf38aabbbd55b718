import { checkAllocation, KraitError, MemoryLimitError } from "@krait/tensor";
import type { Queue } from "./queue.ts";
import { NativeRegion } from "./region.ts";

/** Hands out regions of memory and of files up to a limit, and takes them back. */
export class Memory {
  readonly memoryBytes: number;
  readonly #queue: Queue;
  #allocatedBytes = 0;

  constructor(queue: Queue, memoryBytes: number) {
    this.#queue = queue;
    this.memoryBytes = memoryBytes;
  }

  /** Zeroed memory. */
  allocate(bytes: number, label: string): NativeRegion {
    checkAllocation(bytes, label);
    this.#require(bytes, label);
    const address = this.#queue.addon.allocate(this.#queue.device, bytes);
    if (address === 0) throw this.#tooMuch(bytes, label);
    return this.#own(address, bytes, label);
  }

  /**
   * A part of a file, of which no copy is made. It must not be written.
   *
   * @throws {KraitError} `FILE_UNMAPPABLE` where it cannot be read, or is too short.
   */
  map(path: string, byteOffset: number, bytes: number, label: string): NativeRegion {
    this.#require(bytes, label);
    const { addon, device } = this.#queue;
    try {
      const address = addon.map(device, path, byteOffset, bytes);
      addon.populate(device, address, bytes);
      return this.#own(address, bytes, label);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new KraitError("FILE_UNMAPPABLE", `${path} cannot be mapped for ${label}: ${reason}.`, { cause });
    }
  }

  #own(address: number, bytes: number, label: string): NativeRegion {
    this.#allocatedBytes += bytes;
    return new NativeRegion(this.#queue, label, address, bytes, () => {
      this.#allocatedBytes -= bytes;
      this.#queue.release(address, bytes);
    });
  }

  #require(bytes: number, label: string): void {
    if (this.#allocatedBytes + bytes > this.memoryBytes) throw this.#tooMuch(bytes, label);
  }

  #tooMuch(bytes: number, label: string): MemoryLimitError {
    return new MemoryLimitError(label, bytes, this.#allocatedBytes, this.memoryBytes);
  }
}
