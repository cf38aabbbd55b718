import {
  byteLength,
  checkWeight,
  dequantize,
  elementCount,
  formatLayouts,
  type TensorSpec,
  type WeightBuffer,
  type WeightSource,
  weightPieces,
} from "@krait/tensor";
import type { Device } from "./device/device.ts";
import { paddedSize } from "./device/memory.ts";
import { isVector, weightFormats, weightLayout } from "./weights/weight-layout.ts";

/** Bytes that may be on their way to the device at once. */
const PENDING_BYTES = 2 ** 26;

/** A weight on the device: a vector in f32, or the rows of a matrix. */
export class CudaWeight implements WeightBuffer {
  readonly spec: TensorSpec;
  readonly byteLength: number;
  readonly address: bigint;
  /** What kernels multiply its values by, in a matrix of a format with a scale of the whole tensor. */
  readonly scale: number;
  readonly #device: Device;
  #isDisposed = false;

  constructor(device: Device, spec: TensorSpec, address: bigint, byteLength: number, scale: number) {
    this.#device = device;
    this.spec = spec;
    this.address = address;
    this.byteLength = byteLength;
    this.scale = scale;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  isOf(device: Device): boolean {
    return this.#device === device;
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#device.free(this.address);
  }
}

/** What a weight takes on the device. */
export function weightBytes(spec: TensorSpec): number {
  return paddedSize(deviceBytes(spec));
}

/**
 * Streams a weight to the device, piece by piece: the host holds one piece, and its rows as the
 * kernels read them.
 *
 * @throws {UnsupportedOpError} for a format without a kernel.
 * @throws {WeightLengthError} when the source gives too few or too many bytes.
 */
export async function loadWeight(
  device: Device,
  spec: TensorSpec,
  source: WeightSource,
  signal: AbortSignal | undefined,
): Promise<CudaWeight> {
  checkWeight(spec, source, "cuda", weightFormats);
  const label = `weight [${spec.shape.join(", ")}]`;
  const address = device.memory.allocate(deviceBytes(spec), label, undefined);
  try {
    let pendingBytes = 0;
    for await (const { byteOffset, bytes } of weightPieces(spec, source, signal)) {
      device.enter();
      const { at, packed } = isVector(spec)
        ? unpackedPiece(spec, byteOffset, bytes, source.scale)
        : packedPiece(spec, byteOffset, bytes);
      device.queue.write(address + BigInt(at), packed);
      pendingBytes += packed.byteLength;
      if (pendingBytes < PENDING_BYTES) continue;
      await device.queue.settled();
      pendingBytes = 0;
    }
    device.enter();
  } catch (error) {
    device.free(address);
    throw error;
  }
  return new CudaWeight(device, spec, address, weightBytes(spec), isVector(spec) ? 1 : (source.scale ?? 1));
}

function deviceBytes(spec: TensorSpec): number {
  if (isVector(spec)) return 4 * elementCount(spec.shape);
  const rows = elementCount(spec.shape.slice(0, -1));
  return rows * weightLayout(spec.format, spec.shape.at(-1)!).rowBytes;
}

interface Piece {
  /** Its first byte on the device. */
  readonly at: number;
  readonly packed: Uint8Array;
}

function unpackedPiece({ format }: TensorSpec, byteOffset: number, bytes: Uint8Array, scale?: number): Piece {
  const { valuesPerBlock, bytesPerBlock } = formatLayouts[format];
  const at = 4 * (byteOffset / bytesPerBlock) * valuesPerBlock;
  return { at, packed: new Uint8Array(dequantize(format, bytes, scale).buffer) };
}

function packedPiece(spec: TensorSpec, byteOffset: number, bytes: Uint8Array): Piece {
  const { rowBytes, pack } = weightLayout(spec.format, spec.shape.at(-1)!);
  const storedRowBytes = byteLength(spec) / elementCount(spec.shape.slice(0, -1));
  return { at: (byteOffset / storedRowBytes) * rowBytes, packed: pack(bytes) };
}
