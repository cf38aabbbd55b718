import { BindingError, type DeviceBuffer, KraitError } from "@krait/tensor";

/** Asked for more memory than the backend may take, or than the machine has. */
export class MemoryLimitError extends KraitError {
  readonly requestedBytes: number;
  readonly allocatedBytes: number;
  readonly memoryBytes: number;

  constructor(label: string, requestedBytes: number, allocatedBytes: number, memoryBytes: number) {
    super(
      "MEMORY_EXCEEDED",
      memoryBytes === Number.POSITIVE_INFINITY
        ? `"${label}" needs ${requestedBytes} bytes, which the machine does not give beside the ${allocatedBytes} taken. Use fewer slots or pages, or a smaller model.`
        : `"${label}" needs ${requestedBytes} bytes, but ${allocatedBytes} of ${memoryBytes} are taken. ` +
            "Use fewer slots or pages, a smaller model, or a backend with a larger `memoryBytes`.",
    );
    this.requestedBytes = requestedBytes;
    this.allocatedBytes = allocatedBytes;
    this.memoryBytes = memoryBytes;
  }
}

/** Hands out zeroed memory up to a limit, and takes it back. */
export class Memory {
  readonly memoryBytes: number;
  #allocatedBytes = 0;

  constructor(memoryBytes: number) {
    this.memoryBytes = memoryBytes;
  }

  allocate(bytes: number, label: string): CpuBuffer {
    const tooMuch = () => new MemoryLimitError(label, bytes, this.#allocatedBytes, this.memoryBytes);
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new BindingError(`"${label}" needs a whole number of bytes, 0 or more, but asks for ${bytes}.`);
    }
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
    const fits =
      Number.isSafeInteger(byteOffset) &&
      Number.isSafeInteger(byteLength) &&
      byteOffset >= 0 &&
      byteLength >= 0 &&
      byteOffset + byteLength <= this.byteLength;
    if (!fits) {
      throw new BindingError(
        `Bytes ${byteOffset} to ${byteOffset + byteLength} are not inside "${this.label}" ` +
          `of ${this.byteLength} bytes.`,
      );
    }
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

/** Something was used after it was disposed. */
export class DisposedError extends KraitError {
  constructor(what: string) {
    super("DISPOSED", `${what} is disposed and can no longer be used.`);
  }
}
