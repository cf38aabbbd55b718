import type { Region } from "@krait/cpu-kernels";
import { checkByteRange, DisposedError } from "@krait/tensor";
import type { Queue } from "./queue.ts";

/** A region of memory, or of a file, by its address. */
export class NativeRegion implements Region {
  readonly label: string;
  readonly address: number;
  readonly byteLength: number;
  readonly #queue: Queue;
  readonly #release: () => void;
  #isDisposed = false;

  constructor(queue: Queue, label: string, address: number, byteLength: number, release: () => void) {
    this.#queue = queue;
    this.label = label;
    this.address = address;
    this.byteLength = byteLength;
    this.#release = release;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  isOf(queue: Queue): boolean {
    return this.#queue === queue;
  }

  prefix(byteLength: number, label: string): NativeRegion {
    return new NativeRegion(this.#queue, label, this.address, byteLength, () => {});
  }

  write(byteOffset: number, bytes: Uint8Array): void {
    this.#queue.write(this.at(byteOffset, bytes.byteLength), bytes);
  }

  clear(byteOffset: number, byteLength: number): void {
    this.#queue.clear(this.at(byteOffset, byteLength), byteLength);
  }

  async read(byteOffset = 0, byteLength: number = this.byteLength - byteOffset): Promise<Uint8Array> {
    return this.#queue.read(this.at(byteOffset, byteLength), byteLength);
  }

  /** At once, for memory that nothing enqueued writes. */
  peek(): Uint8Array {
    const bytes = new Uint8Array(this.byteLength);
    this.#queue.addon.peek(this.at(0, this.byteLength), bytes);
    return bytes;
  }

  /** At once, for memory that nothing enqueued reads. */
  poke(byteOffset: number, bytes: Uint8Array): void {
    this.#queue.addon.poke(this.at(byteOffset, bytes.byteLength), bytes);
  }

  /** Where bytes of the region begin. @throws {BindingError} when they are not all inside of it. */
  at(byteOffset: number, byteLength: number): number {
    if (this.#isDisposed) throw new DisposedError(`Buffer "${this.label}"`);
    checkByteRange(this, byteOffset, byteLength);
    return this.address + byteOffset;
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#release();
  }
}
