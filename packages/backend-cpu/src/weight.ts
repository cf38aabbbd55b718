import {
  BindingError,
  byteLength,
  dequantize,
  elementCount,
  type Format,
  type TensorSpec,
  UnsupportedOpError,
  type WeightBuffer,
  WeightLengthError,
  type WeightSource,
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
  if (!weightFormats.includes(spec.format)) {
    throw new UnsupportedOpError({
      op: "loadWeight",
      backend: "cpu",
      formats: [spec.format],
      supported: weightFormats,
    });
  }
  const expectedBytes = byteLength(spec);
  if (source.byteLength !== expectedBytes) {
    throw new WeightLengthError(spec, expectedBytes, source.byteLength);
  }
  const buffer = memory.allocate(4 * elementCount(spec.shape), `weight [${spec.shape.join(", ")}]`);
  try {
    const values = buffer.view(Float32Array, 4);
    const bytesPerValue = expectedBytes / values.length;
    let actualBytes = 0;
    for await (const piece of source.pieces(signal)) {
      signal?.throwIfAborted();
      const at = actualBytes / bytesPerValue;
      actualBytes += piece.byteLength;
      if (actualBytes > expectedBytes) throw new WeightLengthError(spec, expectedBytes, actualBytes);
      values.set(dequantize(spec.format, piece), at);
    }
    signal?.throwIfAborted();
    if (actualBytes < expectedBytes) throw new WeightLengthError(spec, expectedBytes, actualBytes);
  } catch (error) {
    buffer[Symbol.dispose]();
    throw error;
  }
  return new CpuWeight(spec, buffer);
}

/** The weight of this backend behind a `WeightBuffer`. */
export function ownWeight(name: string, weight: WeightBuffer | undefined, spec: TensorSpec): CpuWeight {
  if (weight === undefined) throw new BindingError(`Weight "${name}" is not bound.`);
  if (!(weight instanceof CpuWeight)) throw new BindingError(`Weight "${name}" is of another backend.`);
  const expected = `${spec.format} [${spec.shape.join(", ")}]`;
  const actual = `${weight.spec.format} [${weight.spec.shape.join(", ")}]`;
  if (actual !== expected) {
    throw new BindingError(`Weight "${name}" is ${actual}, but the Program needs ${expected}.`);
  }
  return weight;
}
