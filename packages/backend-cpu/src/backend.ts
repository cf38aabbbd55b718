import {
  type Backend,
  type BackendLostError,
  BindingError,
  byteLength,
  type CopyRegion,
  checkCopy,
  checkSupported,
  type DeviceBuffer,
  DisposedError,
  type Executable,
  type Extents,
  type Format,
  type Program,
  type StepProfile,
  StepProfiler,
  type TensorSpec,
  validate,
  type WeightBuffer,
  type WeightSource,
} from "@krait/tensor";
import { CpuBuffer, Memory } from "./buffer.ts";
import { CpuExecutable } from "./executable.ts";
import { loadWeight, weightFormats } from "./weight.ts";

export interface CpuBackendOptions {
  /** How many bytes buffers, weights and scratch may take in all; no limit of its own unless given. */
  readonly memoryBytes?: number;
  /**
   * How `ssmScan` is computed: row by row, so that a prompt cut anywhere gives the same bits (the
   * default), or in chunks of the model's chunk size, equal up to rounding.
   */
  readonly scan?: "recurrence" | "chunked";
}

/** The backend that every other one is measured by: plain JavaScript, double-precision sums, one thread. */
export async function createCpuBackend(options: CpuBackendOptions = {}): Promise<Backend> {
  return new CpuBackend(options);
}

class CpuBackend implements Backend {
  readonly name = "cpu";
  readonly software = false;
  readonly synchronous = true;
  readonly kvDtype = "f32";
  readonly limits: { readonly memoryBytes: number; readonly maxBufferBytes: number };
  readonly weightFormats: readonly Format[] = weightFormats;
  /** Never settles: there is no device that could be lost, and disposing is not a loss. */
  readonly lost: Promise<BackendLostError> = new Promise(() => {});
  readonly #memory: Memory;
  readonly #scan: "recurrence" | "chunked";
  readonly #profiler = new StepProfiler();
  #isDisposed = false;

  constructor({ memoryBytes = Number.POSITIVE_INFINITY, scan = "recurrence" }: CpuBackendOptions) {
    this.limits = { memoryBytes, maxBufferBytes: memoryBytes };
    this.#memory = new Memory(memoryBytes);
    this.#scan = scan;
  }

  allocate(bytes: number, label: string): DeviceBuffer {
    this.#checkLive();
    return this.#memory.allocate(bytes, label);
  }

  /** Every weight is decoded to f32. */
  weightBytes(spec: TensorSpec): number {
    return byteLength({ ...spec, format: "f32" });
  }

  async loadWeight(spec: TensorSpec, source: WeightSource, signal?: AbortSignal): Promise<WeightBuffer> {
    this.#checkLive();
    return loadWeight(this.#memory, spec, source, signal);
  }

  copy(regions: readonly CopyRegion[]): void {
    this.#checkLive();
    const copies = regions.map(ownRegions);
    for (const { from, to } of copies) to.set(from);
  }

  async compile(
    program: Program,
    { largest, signal }: { readonly largest: Extents; readonly signal?: AbortSignal },
  ): Promise<Executable> {
    this.#checkLive();
    signal?.throwIfAborted();
    checkSupported(program, this.name, weightFormats);
    validate(program);
    return new CpuExecutable(program, largest, this.#memory, { scan: this.#scan, profiler: this.#profiler });
  }

  async profileStep(): Promise<StepProfile> {
    this.#checkLive();
    return await this.#profiler.next();
  }

  /** What was allocated stays usable until it is disposed itself, or nobody holds it any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
  }

  #checkLive(): void {
    if (this.#isDisposed) throw new DisposedError('Backend "cpu"');
  }
}

function ownRegions(region: CopyRegion): { from: Uint8Array; to: Uint8Array } {
  const { source, sourceOffset, target, targetOffset, byteLength } = region;
  if (!(source instanceof CpuBuffer && target instanceof CpuBuffer)) {
    throw new BindingError("A copy names a buffer of another backend.");
  }
  checkCopy(region, source, target);
  return { from: source.bytes(sourceOffset, byteLength), to: target.bytes(targetOffset, byteLength) };
}
