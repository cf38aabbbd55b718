import { BindingError, checkByteRange, type DeviceBuffer, DisposedError } from "@krait/tensor";
import type { Device } from "./device/device.ts";

/** Where bytes lie: an allocation, and how far into it. */
export interface Placement {
  readonly base: bigint;
  readonly byteOffset: number;
}

/** Bytes on the device. */
export class CudaBuffer implements DeviceBuffer {
  readonly label: string;
  readonly byteLength: number;
  readonly #device: Device;
  readonly #isOwner: boolean;
  #placement: Placement | undefined;

  /** The allocation is freed with this, unless it belongs to someone else. */
  constructor(device: Device, label: string, placement: Placement, byteLength: number, isOwner = true) {
    this.#device = device;
    this.label = label;
    this.byteLength = byteLength;
    this.#placement = placement;
    this.#isOwner = isOwner;
  }

  get isDisposed(): boolean {
    return this.#placement === undefined;
  }

  isOf(device: Device): boolean {
    return this.#device === device;
  }

  /** @throws {DisposedError} */
  get address(): bigint {
    const { base, byteOffset } = this.#place();
    return base + BigInt(byteOffset);
  }

  write(byteOffset: number, bytes: Uint8Array): void {
    this.checkRegion(byteOffset, bytes.byteLength);
    this.#device.queue.write(this.address + BigInt(byteOffset), bytes);
  }

  clear(byteOffset: number, byteLength: number): void {
    this.checkRegion(byteOffset, byteLength);
    if (byteOffset % 4 !== 0 || byteLength % 4 !== 0) {
      throw new BindingError(
        `Clearing ${byteLength} bytes at ${byteOffset} of "${this.label}" is not in multiples of 4 bytes.`,
      );
    }
    if (byteLength > 0) this.#device.queue.clear(this.address + BigInt(byteOffset), byteLength);
  }

  async read(byteOffset = 0, byteLength: number = this.byteLength - byteOffset): Promise<Uint8Array> {
    this.checkRegion(byteOffset, byteLength);
    const place = this.#place();
    return await this.#device.queue.read(place.base, place.byteOffset + byteOffset, byteLength);
  }

  [Symbol.dispose](): void {
    const placement = this.#placement;
    if (placement === undefined) return;
    this.#placement = undefined;
    if (this.#isOwner) this.#device.free(placement.base);
  }

  /** @throws {BindingError} when the region is not inside the buffer. */
  checkRegion(byteOffset: number, byteLength: number): void {
    this.#device.enter();
    this.#place();
    checkByteRange(this, byteOffset, byteLength);
  }

  #place(): Placement {
    if (this.#placement === undefined) throw new DisposedError(`Buffer "${this.label}"`);
    return this.#placement;
  }
}
