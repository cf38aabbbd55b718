import { KernelExecutable, type KernelHost, type OpList, type Region } from "@krait/cpu-kernels";
import {
  type Backend,
  BackendLostError,
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
  type TensorSpec,
  validate,
  type WeightBuffer,
  type WeightSource,
} from "@krait/tensor";
import { WasmBuffer } from "./buffer.ts";
import { type KernelModule, loadKernelModule } from "./kernel-module.ts";
import { linear } from "./linear.ts";
import { LARGEST_MEMORY, Memory } from "./memory.ts";
import { loadWeight, WasmWeight, weightFormats } from "./weight.ts";

export interface WasmBackendOptions {
  /** How many bytes buffers, weights and scratch may take in all; the 4 GiB of 32-bit WebAssembly unless given. */
  readonly memoryBytes?: number;
}

/** C kernels in WebAssembly SIMD, one thread, f32 activations. Each backend has a memory of its own. */
export async function createWasmBackend({
  memoryBytes = LARGEST_MEMORY,
}: WasmBackendOptions = {}): Promise<Backend> {
  return new WasmBackend(await loadKernelModule(), Math.min(memoryBytes, LARGEST_MEMORY));
}

class WasmBackend implements Backend, KernelHost<WasmWeight> {
  readonly name = "wasm";
  readonly software = false;
  readonly synchronous = true;
  readonly kvDtype = "f16";
  readonly limits: { readonly memoryBytes: number; readonly maxBufferBytes: number };
  readonly weightFormats: readonly Format[] = weightFormats;
  /** Settles when a kernel traps, which no input should make it do; disposing is not a loss. */
  readonly lost: Promise<BackendLostError>;
  readonly wordBytes = 4;
  readonly parts = 1;
  readonly kernels: ReadonlyMap<string, number>;
  readonly linear: typeof linear = linear;
  readonly #module: KernelModule;
  readonly #memory: Memory;
  #lose!: (error: BackendLostError) => void;
  #loss: BackendLostError | undefined;
  #isDisposed = false;

  constructor(module: KernelModule, memoryBytes: number) {
    this.#module = module;
    this.kernels = module.places;
    this.limits = { memoryBytes, maxBufferBytes: memoryBytes };
    this.#memory = new Memory(module, memoryBytes);
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
  }

  allocate(bytes: number, label: string): Region {
    this.#checkLive();
    return this.#memory.allocate(bytes, label);
  }

  /** Every weight is kept as it is stored. */
  weightBytes(spec: TensorSpec): number {
    return byteLength(spec);
  }

  async loadWeight(spec: TensorSpec, source: WeightSource, signal?: AbortSignal): Promise<WeightBuffer> {
    this.#checkLive();
    return loadWeight(this.#memory, spec, source, signal);
  }

  copy(regions: readonly CopyRegion[]): void {
    this.#checkLive();
    const copies = regions.map((region) => this.#ownRegions(region));
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
    return new KernelExecutable(program, largest, this);
  }

  ownRegion(buffer: DeviceBuffer): WasmBuffer | undefined {
    return buffer instanceof WasmBuffer && buffer.isOf(this.#memory) ? buffer : undefined;
  }

  ownWeight(weight: WeightBuffer): WasmWeight | undefined {
    return weight instanceof WasmWeight && weight.buffer.isOf(this.#memory) ? weight : undefined;
  }

  run({ region, entries, fault, refusal }: OpList): void {
    if (this.#loss) throw this.#loss;
    let failed: number;
    try {
      failed = this.#module.run(region.address, entries, fault.address);
    } catch (cause) {
      this.#loss = new BackendLostError(this.name, "a kernel trapped", { cause });
      this.#lose(this.#loss);
      throw this.#loss;
    }
    if (failed >= 0) throw refusal(failed, this.#memory.bytes(fault.address, fault.byteLength));
  }

  /** What was allocated stays usable until it is disposed itself, or nobody holds it any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
  }

  #checkLive(): void {
    if (this.#loss) throw this.#loss;
    if (this.#isDisposed) throw new DisposedError('Backend "wasm"');
  }

  #ownRegions(region: CopyRegion): { from: Uint8Array; to: Uint8Array } {
    const [source, target] = [this.ownRegion(region.source), this.ownRegion(region.target)];
    if (!source || !target) throw new BindingError("A copy names a buffer of another backend.");
    checkCopy(region, source, target);
    return {
      from: source.bytes(region.sourceOffset, region.byteLength),
      to: target.bytes(region.targetOffset, region.byteLength),
    };
  }
}
