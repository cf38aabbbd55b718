import { BindingError, type DeviceBuffer, DisposedError } from "@krait/tensor";
import type { Device } from "./device/device.ts";

/** Bytes in a buffer of the device. */
export class WebGpuBuffer implements DeviceBuffer {
  readonly label: string;
  readonly byteLength: number;
  readonly #device: Device;
  readonly #isOwner: boolean;
  #buffer: GPUBuffer | undefined;

  /** `buffer` is freed with this, unless it belongs to someone else. */
  constructor(device: Device, label: string, buffer: GPUBuffer, byteLength: number, isOwner = true) {
    this.#device = device;
    this.label = label;
    this.byteLength = byteLength;
    this.#buffer = buffer;
    this.#isOwner = isOwner;
  }

  get isDisposed(): boolean {
    return this.#buffer === undefined;
  }

  isOf(device: Device): boolean {
    return this.#device === device;
  }

  /** @throws {DisposedError} */
  get gpu(): GPUBuffer {
    if (this.#buffer === undefined) throw new DisposedError(`Buffer "${this.label}"`);
    return this.#buffer;
  }

  /**
   * The offset is a multiple of 4; so is the length, unless the bytes reach the buffer's end.
   *
   * @throws {BindingError} when the region is not inside the buffer, or not so aligned.
   */
  write(byteOffset: number, bytes: Uint8Array): void {
    this.checkRegion(byteOffset, bytes.byteLength);
    const rest = bytes.byteLength % 4;
    if (byteOffset % 4 !== 0 || (rest !== 0 && byteOffset + bytes.byteLength !== this.byteLength)) {
      throw new BindingError(
        `Writing ${bytes.byteLength} bytes at ${byteOffset} of "${this.label}" is not in multiples of 4 bytes.`,
      );
    }
    let whole = bytes;
    if (rest !== 0) {
      whole = new Uint8Array(bytes.byteLength + 4 - rest);
      whole.set(bytes);
    }
    this.#device.queue.write(this.gpu, byteOffset, whole);
  }

  clear(byteOffset: number, byteLength: number): void {
    this.checkRegion(byteOffset, byteLength);
    if (byteOffset % 4 !== 0 || byteLength % 4 !== 0) {
      throw new BindingError(
        `Clearing ${byteLength} bytes at ${byteOffset} of "${this.label}" is not in multiples of 4 bytes.`,
      );
    }
    this.#device.queue.encoder().clearBuffer(this.gpu, byteOffset, byteLength);
  }

  async read(byteOffset = 0, byteLength: number = this.byteLength - byteOffset): Promise<Uint8Array> {
    this.checkRegion(byteOffset, byteLength);
    const start = byteOffset - (byteOffset % 4);
    const end = Math.ceil((byteOffset + byteLength) / 4) * 4;
    const words = await this.#device.queue.read(this.gpu, start, end - start);
    return words.byteLength === byteLength
      ? words
      : words.slice(byteOffset - start, byteOffset - start + byteLength);
  }

  [Symbol.dispose](): void {
    if (this.#buffer === undefined) return;
    const buffer = this.#buffer;
    this.#buffer = undefined;
    if (this.#isOwner) this.#device.free(buffer);
  }

  /** @throws {BindingError} when the region is not inside the buffer. */
  checkRegion(byteOffset: number, byteLength: number): void {
    this.#device.checkLive();
    if (this.#buffer === undefined) throw new DisposedError(`Buffer "${this.label}"`);
    const fits =
      Number.isSafeInteger(byteOffset) &&
      Number.isSafeInteger(byteLength) &&
      byteOffset >= 0 &&
      byteLength >= 0 &&
      byteOffset + byteLength <= this.byteLength;
    if (fits) return;
    throw new BindingError(
      `Bytes ${byteOffset} to ${byteOffset + byteLength} are not inside "${this.label}" ` +
        `of ${this.byteLength} bytes.`,
    );
  }
}
