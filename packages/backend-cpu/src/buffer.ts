import {
  checkAllocation,
  checkByteRange,
  type DeviceBuffer,
  DisposedError,
  MemoryLimitError,
} from "@krait/tensor";

/** Hands out zeroed memory up to a limit, and takes it back. */
export class Memory {
  readonly memoryBytes: number;
  #allocatedBytes = 0;

  constructor(memoryBytes: number) {
    this.memoryBytes = memoryBytes;
  }

  allocate(bytes: number, label: string): CpuBuffer {
    checkAllocation(bytes, label);
    const tooMuch = () => new MemoryLimitError(label, bytes, this.#allocatedBytes, this.memoryBytes);
    if (this.#allocatedBytes + bytes > this.memoryBytes) throw tooMuch();
    let memory: ArrayBuffer;
    try {
      memory = new ArrayBuffer(Math.ceil(bytes / 4) * 4); // whole words, so that it can be seen as f32
    } catch {
      throw tooMuch();
    }
    this.#allocatedBytes += bytes;
    return new CpuBuffer(label, memory, bytes, () => {
      this.#allocatedBytes -= bytes;
    });
  }
}

/** Bytes in an `ArrayBuffer`. */
export class CpuBuffer implements DeviceBuffer {
  readonly label: string;
  readonly byteLength: number;
  readonly #release: () => void;
  #memory: ArrayBuffer | undefined;

  constructor(label: string, memory: ArrayBuffer, byteLength: number, release: () => void) {
    this.label = label;
    this.byteLength = byteLength;
    this.#release = release;
    this.#memory = memory;
  }

  /** The memory itself, as elements of a type. */
  view<T>(type: new (memory: ArrayBuffer, byteOffset: number, length: number) => T, elementBytes: number): T {
    return new type(this.#live(), 0, Math.floor(this.byteLength / elementBytes));
  }

  get isDisposed(): boolean {
    return this.#memory === undefined;
  }

  /** The first bytes of this buffer, as a buffer that owns nothing. */
  prefix(byteLength: number, label: string): CpuBuffer {
    return new CpuBuffer(label, this.#live(), byteLength, () => {});
  }

  /** @throws {BindingError} when the region is not inside the buffer. */
  bytes(byteOffset: number, byteLength: number): Uint8Array {
    const memory = this.#live();
    checkByteRange(this, byteOffset, byteLength);
    return new Uint8Array(memory, byteOffset, byteLength);
  }

  write(byteOffset: number, bytes: Uint8Array): void {
    this.bytes(byteOffset, bytes.byteLength).set(bytes);
  }

  clear(byteOffset: number, byteLength: number): void {
    this.bytes(byteOffset, byteLength).fill(0);
  }

  async read(byteOffset = 0, byteLength: number = this.byteLength - byteOffset): Promise<Uint8Array> {
    return this.bytes(byteOffset, byteLength).slice();
  }

  [Symbol.dispose](): void {
    if (this.#memory === undefined) return;
    this.#memory = undefined;
    this.#release();
  }

  #live(): ArrayBuffer {
    if (this.#memory === undefined) throw new DisposedError(`Buffer "${this.label}"`);
    return this.#memory;
  }
}
