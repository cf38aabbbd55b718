import type { KernelWeight } from "@krait/cpu-kernels";
import {
  byteLength,
  checkWeight,
  type Format,
  formatLayouts,
  isDType,
  type TensorSpec,
  type WeightSource,
  weightPieces,
} from "@krait/tensor";
import type { Memory } from "./memory.ts";
import type { NativeRegion } from "./region.ts";

/** The stored formats that weights may have, the fewest bytes first. All of them are multiplied as they are stored. */
export const weightFormats: readonly Format[] = [
  "q2_k",
  "q3_k",
  "mxfp4",
  "q4_k",
  "q4_0",
  "iq4_nl",
  "q4_1",
  "q5_k",
  "q5_0",
  "q5_1",
  "q6_k",
  "q8_0",
  "bf16",
  "f16",
  "f32",
];

/** Smaller weights are copied: a mapping for each costs more than it saves. */
const SMALLEST_MAPPED = 65536;

/** A weight as its file stores it. */
export class NativeWeight implements KernelWeight {
  readonly spec: TensorSpec;
  readonly region: NativeRegion;

  constructor(spec: TensorSpec, region: NativeRegion) {
    this.spec = spec;
    this.region = region;
  }

  get byteLength(): number {
    return this.region.byteLength;
  }

  get address(): number {
    return this.region.address;
  }

  get isDisposed(): boolean {
    return this.region.isDisposed;
  }

  bytes(): Uint8Array {
    return this.region.peek();
  }

  [Symbol.dispose](): void {
    this.region[Symbol.dispose]();
  }
}

/**
 * Maps a weight where it is a part of a file, and otherwise copies it piece by piece.
 *
 * @throws {UnsupportedOpError} for a format that is not in {@link weightFormats}.
 * @throws {WeightLengthError} when the source gives too few or too many bytes.
 */
export async function loadWeight(
  memory: Memory,
  spec: TensorSpec,
  source: WeightSource,
  signal: AbortSignal | undefined,
): Promise<NativeWeight> {
  signal?.throwIfAborted();
  checkWeight(spec, source, "native", weightFormats);
  const bytes = byteLength(spec);
  const label = `weight [${spec.shape.join(", ")}]`;
  const { file } = source;
  if (file !== undefined && bytes >= SMALLEST_MAPPED && isAligned(spec.format, file.byteOffset)) {
    return new NativeWeight(spec, memory.map(file.path, file.byteOffset, bytes, label));
  }
  const region = memory.allocate(bytes, label);
  try {
    for await (const piece of weightPieces(spec, source, signal)) region.poke(piece.byteOffset, piece.bytes);
  } catch (error) {
    region[Symbol.dispose]();
    throw error;
  }
  return new NativeWeight(spec, region);
}

/** Whether numbers of a dtype begin where C expects them. Blocks are read byte by byte. */
function isAligned(format: Format, byteOffset: number): boolean {
  return !isDType(format) || byteOffset % formatLayouts[format].bytesPerBlock === 0;
}
