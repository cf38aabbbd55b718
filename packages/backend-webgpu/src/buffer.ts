import { BindingError, type DeviceBuffer, DisposedError } from "@krait/tensor";
import type { Device } from "./device/device.ts";
import { partBytes } from "./device/memory.ts";

/** A stretch of bytes that lies in one buffer of the device. */
export interface BufferPiece {
  readonly buffer: GPUBuffer;
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** Bytes on the device: in one buffer, or in several that are as large as can be, one after the other. */
export class WebGpuBuffer implements DeviceBuffer {
  readonly label: string;
  readonly byteLength: number;
  readonly #device: Device;
  readonly #isOwner: boolean;
  #parts: readonly GPUBuffer[] | undefined;

  /** `parts` are freed with this, unless they belong to someone else. */
  constructor(
    device: Device,
    label: string,
    parts: readonly GPUBuffer[],
    byteLength: number,
    isOwner = true,
  ) {
    this.#device = device;
    this.label = label;
    this.byteLength = byteLength;
    this.#parts = parts;
    this.#isOwner = isOwner;
  }

  static allocate(device: Device, bytes: number, label: string): WebGpuBuffer {
    const most = partBytes(device.memory.maxBufferBytes);
    const parts: GPUBuffer[] = [];
    try {
      for (let at = 0; at === 0 || at < bytes; at += most) {
        parts.push(device.memory.allocate(bytes > most ? Math.min(most, bytes - at) : bytes, label));
      }
    } catch (error) {
      for (const part of parts) device.free(part);
      throw error;
    }
    return new WebGpuBuffer(device, label, parts, bytes);
  }

  get isDisposed(): boolean {
    return this.#parts === undefined;
  }

  isOf(device: Device): boolean {
    return this.#device === device;
  }

  /** @throws {DisposedError} */
  get parts(): readonly GPUBuffer[] {
    if (this.#parts === undefined) throw new DisposedError(`Buffer "${this.label}"`);
    return this.#parts;
  }

  /** Where a stretch of bytes lies, in order. */
  *pieces(byteOffset: number, byteLength: number): Generator<BufferPiece> {
    const { parts } = this;
    const most =
      parts.length === 1 ? Number.POSITIVE_INFINITY : partBytes(this.#device.memory.maxBufferBytes);
    for (let at = byteOffset; at < byteOffset + byteLength; ) {
      const part = Math.floor(at / most);
      const start = part === 0 ? at : at - part * most;
      const length = Math.min(byteOffset + byteLength - at, most - start);
      yield { buffer: parts[part]!, byteOffset: start, byteLength: length };
      at += length;
    }
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
    let written = 0;
    for (const piece of this.pieces(byteOffset, whole.byteLength)) {
      const part = whole.subarray(written, written + piece.byteLength);
      this.#device.queue.write(piece.buffer, piece.byteOffset, part);
      written += piece.byteLength;
    }
  }

  clear(byteOffset: number, byteLength: number): void {
    this.checkRegion(byteOffset, byteLength);
    if (byteOffset % 4 !== 0 || byteLength % 4 !== 0) {
      throw new BindingError(
        `Clearing ${byteLength} bytes at ${byteOffset} of "${this.label}" is not in multiples of 4 bytes.`,
      );
    }
    const encoder = this.#device.queue.encoder();
    for (const piece of this.pieces(byteOffset, byteLength)) {
      encoder.clearBuffer(piece.buffer, piece.byteOffset, piece.byteLength);
    }
  }

  async read(byteOffset = 0, byteLength: number = this.byteLength - byteOffset): Promise<Uint8Array> {
    this.checkRegion(byteOffset, byteLength);
    const start = byteOffset - (byteOffset % 4);
    const end = Math.ceil((byteOffset + byteLength) / 4) * 4;
    const read = [...this.pieces(start, end - start)].map((piece) =>
      this.#device.queue.read(piece.buffer, piece.byteOffset, piece.byteLength),
    );
    const words = joined(await Promise.all(read));
    return words.byteLength === byteLength
      ? words
      : words.slice(byteOffset - start, byteOffset - start + byteLength);
  }

  [Symbol.dispose](): void {
    const parts = this.#parts ?? [];
    this.#parts = undefined;
    if (this.#isOwner) for (const part of parts) this.#device.free(part);
  }

  /** @throws {BindingError} when the region is not inside the buffer. */
  checkRegion(byteOffset: number, byteLength: number): void {
    this.#device.checkLive();
    if (this.#parts === undefined) throw new DisposedError(`Buffer "${this.label}"`);
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

function joined(pieces: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  if (pieces.length === 1) return pieces[0]!;
  const bytes = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}
