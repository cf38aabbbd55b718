import {
  BindingError,
  byteLength,
  type Format,
  type TensorSpec,
  UnsupportedOpError,
  type WeightBuffer,
  WeightLengthError,
  type WeightSource,
} from "@krait/tensor";
import type { WasmBuffer } from "./buffer.ts";
import type { Memory } from "./memory.ts";

/** The stored formats that weights may have, the fewest bytes first. All of them are kept as they are stored. */
export const weightFormats: readonly Format[] = ["bf16", "f16", "f32"];

/** A weight in the kernels' memory, in its stored format. */
export class WasmWeight implements WeightBuffer {
  readonly spec: TensorSpec;
  readonly buffer: WasmBuffer;

  constructor(spec: TensorSpec, buffer: WasmBuffer) {
    this.spec = spec;
    this.buffer = buffer;
  }

  get byteLength(): number {
    return this.buffer.byteLength;
  }

  [Symbol.dispose](): void {
    this.buffer[Symbol.dispose]();
  }
}

/**
 * Copies a weight piece by piece to where the kernels read it, so that nothing of it is held twice.
 *
 * @throws {UnsupportedOpError} for a format that is not in {@link weightFormats}.
 * @throws {WeightLengthError} when the source gives too few or too many bytes.
 */
export async function loadWeight(
  memory: Memory,
  spec: TensorSpec,
  source: WeightSource,
  signal: AbortSignal | undefined,
): Promise<WasmWeight> {
  signal?.throwIfAborted();
  if (!weightFormats.includes(spec.format)) {
    throw new UnsupportedOpError({
      op: "loadWeight",
      backend: "wasm",
      formats: [spec.format],
      supported: weightFormats,
    });
  }
  const expectedBytes = byteLength(spec);
  if (source.byteLength !== expectedBytes) {
    throw new WeightLengthError(spec, expectedBytes, source.byteLength);
  }
  const buffer = memory.allocate(expectedBytes, `weight [${spec.shape.join(", ")}]`);
  try {
    let actualBytes = 0;
    for await (const piece of source.pieces(signal)) {
      signal?.throwIfAborted();
      const at = actualBytes;
      actualBytes += piece.byteLength;
      if (actualBytes > expectedBytes) throw new WeightLengthError(spec, expectedBytes, actualBytes);
      buffer.write(at, piece);
    }
    signal?.throwIfAborted();
    if (actualBytes < expectedBytes) throw new WeightLengthError(spec, expectedBytes, actualBytes);
  } catch (error) {
    buffer[Symbol.dispose]();
    throw error;
  }
  return new WasmWeight(spec, buffer);
}

/** The weight of this backend behind a `WeightBuffer`. */
export function ownWeight(
  name: string,
  weight: WeightBuffer | undefined,
  spec: TensorSpec,
  memory: Memory,
): WasmWeight {
  if (weight === undefined) throw new BindingError(`Weight "${name}" is not bound.`);
  if (!(weight instanceof WasmWeight && weight.buffer.isOf(memory))) {
    throw new BindingError(`Weight "${name}" is of another backend.`);
  }
  const expected = `${spec.format} [${spec.shape.join(", ")}]`;
  const actual = `${weight.spec.format} [${weight.spec.shape.join(", ")}]`;
  if (actual !== expected) {
    throw new BindingError(`Weight "${name}" is ${actual}, but the Program needs ${expected}.`);
  }
  return weight;
}
