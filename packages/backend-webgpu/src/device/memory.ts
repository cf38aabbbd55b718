import { BindingError, MemoryLimitError } from "@krait/tensor";
import { BufferUsage } from "./flags.ts";

/** Hands out the device's memory up to a limit, counts it, and takes it back. */
export class Memory {
  readonly memoryBytes: number;
  /** The largest buffer that a kernel can be given whole. */
  readonly maxBufferBytes: number;
  readonly #device: GPUDevice;
  readonly #onFailure: (reason: string) => void;
  #allocatedBytes = 0;
  #buffers = 0;

  constructor(
    device: GPUDevice,
    limits: { readonly memoryBytes: number; readonly maxBufferBytes: number },
    onFailure: (reason: string) => void,
  ) {
    this.#device = device;
    this.memoryBytes = limits.memoryBytes;
    this.maxBufferBytes = limits.maxBufferBytes;
    this.#onFailure = onFailure;
  }

  get allocatedBytes(): number {
    return this.#allocatedBytes;
  }

  /** How many buffers exist. */
  get buffers(): number {
    return this.#buffers;
  }

  /**
   * A zeroed buffer, of whole vectors of 16 bytes and of at least one, as bindings cannot be empty.
   * {@link free} takes it back.
   *
   * @throws {MemoryLimitError} when it does not fit the limit.
   */
  allocate(bytes: number, label: string, usage: number = WORKING_BUFFER): GPUBuffer {
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new BindingError(`"${label}" needs a whole number of bytes, 0 or more, but asks for ${bytes}.`);
    }
    if (bytes > this.maxBufferBytes) {
      throw new BindingError(
        `"${label}" needs ${bytes} bytes, but this adapter's buffers end at ${this.maxBufferBytes}. ` +
          "Use fewer slots or pages, or a shorter context.",
      );
    }
    if (this.#allocatedBytes + bytes > this.memoryBytes) {
      throw new MemoryLimitError(label, bytes, this.#allocatedBytes, this.memoryBytes);
    }
    this.#device.pushErrorScope("out-of-memory");
    const buffer = this.#device.createBuffer({ label, size: paddedSize(bytes), usage });
    this.#device.popErrorScope().then(
      (error) => error && this.#onFailure(`it is out of memory: "${label}" needs ${bytes} bytes`),
      () => {}, // the device is gone, and says so itself
    );
    this.#allocatedBytes += buffer.size;
    this.#buffers++;
    return buffer;
  }

  free(buffer: GPUBuffer): void {
    this.#allocatedBytes -= buffer.size;
    this.#buffers--;
    buffer.destroy();
  }
}

/** Read and written by kernels and by copies. */
const WORKING_BUFFER = BufferUsage.storage | BufferUsage.copySource | BufferUsage.copyTarget;

/** Bytes that a buffer of so many takes. */
export function paddedSize(bytes: number): number {
  return Math.max(Math.ceil(bytes / 16) * 16, 16);
}

/** Bytes of what does not fit a buffer that each of several holds: whole vectors, and what copies are aligned to. */
export function partBytes(maxBufferBytes: number): number {
  return maxBufferBytes - (maxBufferBytes % 256);
}
