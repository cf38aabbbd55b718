import type { Region } from "@krait/cpu-kernels";
import { checkByteRange, DisposedError } from "@krait/tensor";
import type { Memory } from "./memory.ts";

/** A region of the kernels' memory. */
export class WasmBuffer implements Region {
  readonly label: string;
  readonly address: number;
  readonly byteLength: number;
  readonly #memory: Memory;
  readonly #release: () => void;
  #isDisposed = false;

  constructor(memory: Memory, label: string, address: number, byteLength: number, release: () => void) {
    this.#memory = memory;
    this.label = label;
    this.address = address;
    this.byteLength = byteLength;
    this.#release = release;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  isOf(memory: Memory): boolean {
    return this.#memory === memory;
  }

  /** The first bytes of this buffer, as a buffer that owns nothing. */
  prefix(byteLength: number, label: string): WasmBuffer {
    return new WasmBuffer(this.#memory, label, this.address, byteLength, () => {});
  }

  /**
   * A view that holds until memory is next allocated.
   *
   * @throws {BindingError} when the region is not inside the buffer.
   */
  bytes(byteOffset = 0, byteLength: number = this.byteLength - byteOffset): Uint8Array<ArrayBuffer> {
    if (this.#isDisposed) throw new DisposedError(`Buffer "${this.label}"`);
    checkByteRange(this, byteOffset, byteLength);
    return this.#memory.bytes(this.address + byteOffset, byteLength);
  }

  write(byteOffset: number, bytes: Uint8Array): void {
    this.bytes(byteOffset, bytes.byteLength).set(bytes);
  }

  clear(byteOffset: number, byteLength: number): void {
    this.bytes(byteOffset, byteLength).fill(0);
  }

  async read(byteOffset?: number, byteLength?: number): Promise<Uint8Array> {
    return this.bytes(byteOffset, byteLength).slice();
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#release();
  }
}
