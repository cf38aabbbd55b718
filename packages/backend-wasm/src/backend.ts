import {
  type Backend,
  BackendLostError,
  BindingError,
  byteLength,
  type CopyRegion,
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
import { WasmExecutable } from "./executable.ts";
import { type KernelModule, loadKernelModule } from "./kernel-module.ts";
import { LARGEST_MEMORY, Memory } from "./memory.ts";
import type { Runner } from "./step.ts";
import { checkSupported } from "./support.ts";
import { loadWeight, weightFormats } from "./weight.ts";

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

class WasmBackend implements Backend, Runner {
  readonly name = "wasm";
  readonly software = false;
  readonly synchronous = true;
  readonly kvDtype = "f16";
  readonly limits: { readonly memoryBytes: number; readonly maxBufferBytes: number };
  readonly weightFormats: readonly Format[] = weightFormats;
  /** Settles when a kernel traps, which no input should make it do; disposing is not a loss. */
  readonly lost: Promise<BackendLostError>;
  readonly kernels: KernelModule;
  readonly #memory: Memory;
  #lose!: (error: BackendLostError) => void;
  #loss: BackendLostError | undefined;
  #isDisposed = false;

  constructor(kernels: KernelModule, memoryBytes: number) {
    this.kernels = kernels;
    this.limits = { memoryBytes, maxBufferBytes: memoryBytes };
    this.#memory = new Memory(kernels, memoryBytes);
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
  }

  allocate(bytes: number, label: string): DeviceBuffer {
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
    const copies = regions.map((region) => this.#ownRegion(region));
    for (const { from, to } of copies) to.set(from);
  }

  async compile(
    program: Program,
    { largest, signal }: { readonly largest: Extents; readonly signal?: AbortSignal },
  ): Promise<Executable> {
    this.#checkLive();
    signal?.throwIfAborted();
    checkSupported(program);
    validate(program);
    return new WasmExecutable(program, largest, this.#memory, this);
  }

  run(list: number, count: number): number {
    if (this.#loss) throw this.#loss;
    try {
      return this.kernels.run(list, count);
    } catch (cause) {
      this.#loss = new BackendLostError(this.name, "a kernel trapped", { cause });
      this.#lose(this.#loss);
      throw this.#loss;
    }
  }

  /** What was allocated stays usable until it is disposed itself, or nobody holds it any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
  }

  #checkLive(): void {
    if (this.#loss) throw this.#loss;
    if (this.#isDisposed) throw new DisposedError('Backend "wasm"');
  }

  /** @throws {BindingError} when a region is not inside its buffers, not of whole words, or overlaps itself. */
  #ownRegion(region: CopyRegion): { from: Uint8Array; to: Uint8Array } {
    const { source, sourceOffset, target, targetOffset, byteLength } = region;
    const isOwn = (buffer: DeviceBuffer) => buffer instanceof WasmBuffer && buffer.isOf(this.#memory);
    if (!isOwn(source) || !isOwn(target)) {
      throw new BindingError("A copy names a buffer of another backend.");
    }
    const [from, to] = [source as WasmBuffer, target as WasmBuffer];
    const what = `A copy of ${byteLength} bytes from ${sourceOffset} of "${from.label}" to ${targetOffset} of "${to.label}"`;
    if (sourceOffset % 4 !== 0 || targetOffset % 4 !== 0 || byteLength % 4 !== 0) {
      throw new BindingError(`${what} is not in multiples of 4 bytes.`);
    }
    if (source === target && Math.abs(sourceOffset - targetOffset) < byteLength) {
      throw new BindingError(`${what} overlaps itself.`);
    }
    return { from: from.bytes(sourceOffset, byteLength), to: to.bytes(targetOffset, byteLength) };
  }
}
