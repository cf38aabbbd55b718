import { checkAllocation, MemoryLimitError } from "@krait/tensor";
import { WasmBuffer } from "./buffer.ts";
import { FreeList } from "./free-list.ts";
import type { KernelModule } from "./kernel-module.ts";

const PAGE_BYTES = 65536;

/** All but one page of what 32 bits can address, so that the address after the last byte has 32 bits too. */
export const LARGEST_MEMORY: number = 65535 * PAGE_BYTES;

/** The linear memory of the kernels: hands out zeroed regions of it up to a limit, and takes them back. */
export class Memory {
  readonly memoryBytes: number;
  readonly #memory: WebAssembly.Memory;
  readonly #regions: FreeList;
  #allocatedBytes = 0;

  constructor(kernels: KernelModule, memoryBytes: number) {
    this.memoryBytes = memoryBytes;
    this.#memory = kernels.memory;
    this.#regions = new FreeList(kernels.heapStart);
  }

  /** What is handed out, here and to threads. */
  get allocatedBytes(): number {
    return this.#allocatedBytes;
  }

  /** How far this memory is in use. */
  get usedBytes(): number {
    return this.#regions.end;
  }

  allocate(bytes: number, label: string): WasmBuffer {
    const giveBack = this.count(bytes, label);
    const address = this.#regions.take(bytes);
    const release = () => {
      this.#regions.give(address, bytes);
      giveBack();
    };
    if (!this.#grow()) {
      release();
      throw new MemoryLimitError(label, bytes, this.#allocatedBytes, this.memoryBytes);
    }
    this.bytes(address, bytes).fill(0);
    return new WasmBuffer(this, label, address, bytes, release);
  }

  /** Counts what is kept elsewhere against the limit; what it returns is called when that is freed. */
  count(bytes: number, label: string): () => void {
    checkAllocation(bytes, label);
    if (this.#allocatedBytes + bytes > this.memoryBytes) {
      throw new MemoryLimitError(label, bytes, this.#allocatedBytes, this.memoryBytes);
    }
    this.#allocatedBytes += bytes;
    return () => {
      this.#allocatedBytes -= bytes;
    };
  }

  /** A view that holds until memory is next allocated, which may move all of it. */
  bytes(address: number, byteLength: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory.buffer as ArrayBuffer, address, byteLength);
  }

  /** Makes the memory as large as what is handed out; false where the machine has no more. */
  #grow(): boolean {
    const missing = this.#regions.end - this.#memory.buffer.byteLength;
    if (missing <= 0) return true;
    try {
      this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
      return true;
    } catch {
      return false;
    }
  }
}
