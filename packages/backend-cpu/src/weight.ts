import {
  checkWeight,
  dequantize,
  elementCount,
  type Format,
  type TensorSpec,
  type WeightBuffer,
  type WeightSource,
  weightPieces,
} from "@krait/tensor";
import type { CpuBuffer, Memory } from "./buffer.ts";

/** The stored formats that weights may have. All of them are decoded to f32 on loading. */
export const weightFormats: readonly Format[] = ["f32", "f16", "bf16"];

/** A weight as f32. */
export class CpuWeight implements WeightBuffer {
  readonly spec: TensorSpec;
  readonly byteLength: number;
  readonly #buffer: CpuBuffer;

  constructor(spec: TensorSpec, buffer: CpuBuffer) {
    this.spec = spec;
    this.byteLength = buffer.byteLength;
    this.#buffer = buffer;
  }

  get values(): Float32Array {
    return this.#buffer.view(Float32Array, 4);
  }

  get isDisposed(): boolean {
    return this.#buffer.isDisposed;
  }

  [Symbol.dispose](): void {
    this.#buffer[Symbol.dispose]();
  }
}

/**
 * Decodes a weight piece by piece, so that only one piece of the stored bytes is held at a time.
 *
 * @throws {UnsupportedOpError} for a format that is not in {@link weightFormats}.
 * @throws {WeightLengthError} when the source gives too few or too many bytes.
 */
export async function loadWeight(
  memory: Memory,
  spec: TensorSpec,
  source: WeightSource,
  signal: AbortSignal | undefined,
): Promise<CpuWeight> {
  signal?.throwIfAborted();
  checkWeight(spec, source, "cpu", weightFormats);
  const buffer = memory.allocate(4 * elementCount(spec.shape), `weight [${spec.shape.join(", ")}]`);
  try {
    const values = buffer.view(Float32Array, 4);
    const bytesPerValue = source.byteLength / values.length;
    for await (const { byteOffset, bytes } of weightPieces(spec, source, signal)) {
      values.set(dequantize(spec.format, bytes), byteOffset / bytesPerValue);
    }
  } catch (error) {
    buffer[Symbol.dispose]();
    throw error;
  }
  return new CpuWeight(spec, buffer);
}
