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

/** Some rows of a weight, in one buffer. */
export interface Shard {
  readonly firstRow: number;
  readonly rows: number;
  readonly bytes: number;
}

/** A weight on the device: a vector in f32, or the rows of a matrix over as many buffers as they need. */
export class WebGpuWeight implements WeightBuffer {
  readonly spec: TensorSpec;
  readonly byteLength: number;
  readonly #device: Device;
  #buffers: readonly GPUBuffer[] | undefined;

  constructor(device: Device, spec: TensorSpec, buffers: readonly GPUBuffer[]) {
    this.#device = device;
    this.spec = spec;
    this.#buffers = buffers;
    this.byteLength = buffers.reduce((bytes, { size }) => bytes + size, 0);
  }

  get isDisposed(): boolean {
    return this.#buffers === undefined;
  }

  isOf(device: Device): boolean {
    return this.#device === device;
  }

  shard(index: number): GPUBuffer {
    return this.#buffers![index]!;
  }

  [Symbol.dispose](): void {
    for (const buffer of this.#buffers ?? []) this.#device.free(buffer);
    this.#buffers = undefined;
  }
}

/** The buffers that a weight takes: as few as the device's largest buffer allows, cut between rows. */
export function shardsOf(spec: TensorSpec, maxBufferBytes: number): Shard[] {
  const rowBytes = deviceRowBytes(spec);
  const rows = isVector(spec) ? 1 : elementCount(spec.shape.slice(0, -1));
  const most = Math.max(1, Math.floor(maxBufferBytes / rowBytes));
  const shards: Shard[] = [];
  for (let firstRow = 0; firstRow < rows; firstRow += most) {
    const count = Math.min(most, rows - firstRow);
    shards.push({ firstRow, rows: count, bytes: count * rowBytes });
  }
  return shards;
}

/** What a weight takes on the device. */
export function weightBytes(spec: TensorSpec, maxBufferBytes: number): number {
  return shardsOf(spec, maxBufferBytes).reduce((total, { bytes }) => total + paddedSize(bytes), 0);
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
): Promise<WebGpuWeight> {
  checkWeight(spec, source, "webgpu", weightFormats);
  const label = `weight [${spec.shape.join(", ")}]`;
  const shards = shardsOf(spec, device.memory.maxBufferBytes);
  const buffers: GPUBuffer[] = [];
  try {
    for (const { bytes } of shards) buffers.push(device.memory.allocate(bytes, label));
    if (isVector(spec)) await writeVector(device, spec, source, buffers[0], signal);
    else await writeRows(device, spec, source, shards, buffers, signal);
    device.checkLive();
  } catch (error) {
    for (const buffer of buffers) device.free(buffer);
    throw error;
  }
  return new WebGpuWeight(device, spec, buffers);
}

function deviceRowBytes(spec: TensorSpec): number {
  if (isVector(spec)) return Math.max(4 * elementCount(spec.shape), 4);
  return weightLayout(spec.format, spec.shape.at(-1)!).rowBytes;
}

async function writeVector(
  device: Device,
  spec: TensorSpec,
  source: WeightSource,
  buffer: GPUBuffer | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { valuesPerBlock, bytesPerBlock } = formatLayouts[spec.format];
  for await (const { byteOffset, bytes } of weightPieces(spec, source, signal)) {
    const values = dequantize(spec.format, bytes);
    const at = 4 * (byteOffset / bytesPerBlock) * valuesPerBlock;
    device.queue.write(buffer!, at, new Uint8Array(values.buffer));
  }
}

async function writeRows(
  device: Device,
  spec: TensorSpec,
  source: WeightSource,
  shards: readonly Shard[],
  buffers: readonly GPUBuffer[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const { rowBytes, pack } = weightLayout(spec.format, spec.shape.at(-1)!);
  const rows = elementCount(spec.shape.slice(0, -1));
  const storedRowBytes = byteLength(spec) / rows;
  let pendingBytes = 0;
  for await (const { byteOffset, bytes } of weightPieces(spec, source, signal)) {
    const firstRow = byteOffset / storedRowBytes;
    const endRow = firstRow + bytes.byteLength / storedRowBytes;
    for (const [index, shard] of shards.entries()) {
      const start = Math.max(firstRow, shard.firstRow);
      const end = Math.min(endRow, shard.firstRow + shard.rows);
      if (start >= end) continue;
      const part = bytes.subarray((start - firstRow) * storedRowBytes, (end - firstRow) * storedRowBytes);
      device.queue.write(buffers[index]!, (start - shard.firstRow) * rowBytes, pack(part));
    }
    pendingBytes += bytes.byteLength;
    if (pendingBytes < PENDING_BYTES) continue;
    await device.queue.settled();
    pendingBytes = 0;
  }
}
