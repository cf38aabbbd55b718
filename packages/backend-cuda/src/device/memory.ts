import { checkAllocation, MemoryLimitError } from "@krait/tensor";
import { CudaError } from "../cuda-errors.ts";
import type { Driver } from "../driver/driver.ts";
import { Result } from "../driver/results.ts";

/** Hands out the device's memory in the order of a stream, up to a limit, counts it, and takes it back. */
export class Memory {
  readonly memoryBytes: number;
  readonly #driver: Driver;
  readonly #stream: bigint;
  readonly #sizes = new Map<bigint, number>();
  #allocatedBytes = 0;

  constructor(driver: Driver, stream: bigint, memoryBytes: number) {
    this.#driver = driver;
    this.#stream = stream;
    this.memoryBytes = memoryBytes;
  }

  get allocatedBytes(): number {
    return this.#allocatedBytes;
  }

  /** How many allocations exist. */
  get buffers(): number {
    return this.#sizes.size;
  }

  /**
   * The address of so many bytes, a multiple of 256. {@link free} takes them back.
   *
   * @param content - `undefined` for memory that is written before it is read.
   * @throws {MemoryLimitError} when they do not fit the limit or the device.
   */
  allocate(bytes: number, label: string, content: 0 | undefined): bigint {
    checkAllocation(bytes, label);
    const size = paddedSize(bytes);
    const limitError = () => new MemoryLimitError(label, bytes, this.#allocatedBytes, this.memoryBytes);
    if (this.#allocatedBytes + size > this.memoryBytes) throw limitError();
    let at: bigint;
    try {
      at = this.#driver.handle("cuMemAllocAsync", size, this.#stream);
    } catch (error) {
      throw error instanceof CudaError && error.result === Result.outOfMemory ? limitError() : error;
    }
    this.#sizes.set(at, size);
    this.#allocatedBytes += size;
    if (content === 0) this.#driver.call("cuMemsetD8Async", at, 0, size, this.#stream);
    return at;
  }

  /** After everything enqueued so far. */
  free(at: bigint): void {
    this.#allocatedBytes -= this.#sizes.get(at)!;
    this.#sizes.delete(at);
    this.#driver.call("cuMemFreeAsync", at, this.#stream);
  }

  dispose(): void {
    for (const at of [...this.#sizes.keys()]) this.free(at);
  }
}

/** Bytes that an allocation of so many takes: whole units of 256, and at least one. */
export function paddedSize(bytes: number): number {
  return Math.max(Math.ceil(bytes / 256) * 256, 256);
}
