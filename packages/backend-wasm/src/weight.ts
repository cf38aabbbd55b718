import type { KernelWeight } from "@krait/cpu-kernels";
import {
  byteLength,
  checkWeight,
  type Format,
  type TensorSpec,
  type WeightSource,
  weightPieces,
} from "@krait/tensor";
import type { WasmBuffer } from "./buffer.ts";
import type { Memory } from "./memory.ts";

/** The stored formats that weights may have, the fewest bytes first. All of them are kept as they are stored. */
export const weightFormats: readonly Format[] = ["bf16", "f16", "f32"];

/** A weight in the kernels' memory, in its stored format. */
export class WasmWeight implements KernelWeight {
  readonly spec: TensorSpec;
  readonly buffer: WasmBuffer;

  constructor(spec: TensorSpec, buffer: WasmBuffer) {
    this.spec = spec;
    this.buffer = buffer;
  }

  get byteLength(): number {
    return this.buffer.byteLength;
  }

  get address(): number {
    return this.buffer.address;
  }

  get isDisposed(): boolean {
    return this.buffer.isDisposed;
  }

  bytes(): Uint8Array {
    return this.buffer.bytes();
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
  checkWeight(spec, source, "wasm", weightFormats);
  const buffer = memory.allocate(byteLength(spec), `weight [${spec.shape.join(", ")}]`);
  try {
    for await (const { byteOffset, bytes } of weightPieces(spec, source, signal)) {
      buffer.write(byteOffset, bytes);
    }
  } catch (error) {
    buffer[Symbol.dispose]();
    throw error;
  }
  return new WasmWeight(spec, buffer);
}
