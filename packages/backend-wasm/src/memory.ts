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

  allocate(bytes: number, label: string): WasmBuffer {
    checkAllocation(bytes, label);
    const tooMuch = () => new MemoryLimitError(label, bytes, this.#allocatedBytes, this.memoryBytes);
    if (this.#allocatedBytes + bytes > this.memoryBytes) throw tooMuch();
    const address = this.#regions.take(bytes);
    if (!this.#grow()) {
      this.#regions.give(address, bytes);
      throw tooMuch();
    }
    this.bytes(address, bytes).fill(0);
    this.#allocatedBytes += bytes;
    return new WasmBuffer(this, label, address, bytes, () => {
      this.#allocatedBytes -= bytes;
      this.#regions.give(address, bytes);
    });
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
