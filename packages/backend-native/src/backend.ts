import { availableParallelism } from "node:os";
import {
  KERNEL_REVISION,
  KernelExecutable,
  type KernelHost,
  type LinearWriter,
  type OpList,
  ownedBytes,
} from "@krait/cpu-kernels";
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
  type TensorSpec,
  validate,
  type WeightBuffer,
  type WeightSource,
} from "@krait/tensor";
import { type InstructionSet, loadAddon } from "./addon.ts";
import { linearWriter } from "./linear.ts";
import { Memory } from "./memory.ts";
import { checkThreads, chooseInstructionSet } from "./options.ts";
import { Queue } from "./queue.ts";
import { NativeRegion } from "./region.ts";
import { loadWeight, NativeWeight, weightFormats } from "./weight.ts";

export interface NativeBackendOptions {
  /** How many threads compute; as many as the machine runs at once unless given. */
  readonly threads?: number | undefined;
  /** What buffers, weights and scratch may take in all; what the machine has to spare now unless given. */
  readonly memoryBytes?: number | undefined;
  /** The instruction set of the kernels; `KRAIT_NATIVE_ISA`, or the best that the processor has, unless given. */
  readonly isa?: InstructionSet | undefined;
}

/** An op is divided into so many parts for each thread, so that one that is held up does fewer of them. */
const PARTS_PER_THREAD = 4;

/**
 * C kernels for this machine's processor, on threads of their own: `run` enqueues, and nothing blocks
 * the event loop. Weights of files are mapped and multiplied as they are stored.
 *
 * @throws {KraitError} `NATIVE_UNAVAILABLE` where there is no addon for this platform,
 * `NATIVE_OPTION_INVALID` for a count of threads or an instruction set that there cannot be.
 */
export async function createNativeBackend(options: NativeBackendOptions = {}): Promise<Backend> {
  const addon = loadAddon();
  const threads = checkThreads(options.threads ?? availableParallelism());
  const isa = chooseInstructionSet(options.isa ?? process.env.KRAIT_NATIVE_ISA, addon.instructionSets());
  const queue = new Queue(addon, addon.open(threads, isa, KERNEL_REVISION));
  return new NativeBackend(queue, threads, options.memoryBytes ?? process.availableMemory());
}

class NativeBackend implements Backend, KernelHost<NativeWeight> {
  readonly name = "native";
  readonly software = false;
  readonly synchronous = false;
  readonly kvDtype = "f16";
  readonly limits: { readonly memoryBytes: number; readonly maxBufferBytes: number };
  readonly weightFormats: readonly Format[] = weightFormats;
  readonly lost: Promise<BackendLostError>;
  readonly wordBytes = 8;
  readonly parts: number;
  readonly kernels: ReadonlyMap<string, number>;
  readonly linear: LinearWriter<NativeWeight>;
  readonly #queue: Queue;
  readonly #memory: Memory;
  #isDisposed = false;

  constructor(queue: Queue, threads: number, memoryBytes: number) {
    this.parts = threads === 1 ? 1 : PARTS_PER_THREAD * threads;
    this.kernels = new Map(Object.entries(queue.addon.kernels(queue.device)));
    this.linear = linearWriter(this.parts);
    this.limits = { memoryBytes, maxBufferBytes: memoryBytes };
    this.lost = queue.lost;
    this.#queue = queue;
    this.#memory = new Memory(queue, memoryBytes);
  }

  allocate(bytes: number, label: string): NativeRegion {
    this.#checkLive();
    return this.#memory.allocate(bytes, label);
  }

  /** Every weight is kept as it is stored. */
  weightBytes(spec: TensorSpec): number {
    return byteLength(spec);
  }

  ownedBytes(program: Program, largest: Extents): number {
    return ownedBytes(program, largest, this);
  }

  async loadWeight(spec: TensorSpec, source: WeightSource, signal?: AbortSignal): Promise<WeightBuffer> {
    this.#checkLive();
    return loadWeight(this.#memory, spec, source, signal);
  }

  copy(regions: readonly CopyRegion[]): void {
    this.#checkLive();
    const { addon, device } = this.#queue;
    for (const { target, bytes, source } of regions.map((region) => this.#addresses(region))) {
      addon.copy(device, target, bytes, source);
    }
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

  ownRegion(buffer: DeviceBuffer): NativeRegion | undefined {
    return buffer instanceof NativeRegion && buffer.isOf(this.#queue) ? buffer : undefined;
  }

  ownWeight(weight: WeightBuffer): NativeWeight | undefined {
    return weight instanceof NativeWeight && weight.region.isOf(this.#queue) ? weight : undefined;
  }

  run(list: OpList): void {
    this.#checkLive();
    this.#queue.run(list, this.parts);
  }

  /** Waits for what is enqueued, then ends the threads and frees all that was allocated. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#queue.close();
  }

  #checkLive(): void {
    if (this.#isDisposed) throw new DisposedError('Backend "native"');
  }

  #addresses(region: CopyRegion): { target: number; bytes: number; source: number } {
    const [source, target] = [this.ownRegion(region.source), this.ownRegion(region.target)];
    if (!source || !target) throw new BindingError("A copy names a buffer of another backend.");
    checkCopy(region, source, target);
    const { sourceOffset, targetOffset, byteLength: bytes } = region;
    return { target: target.at(targetOffset, bytes), bytes, source: source.at(sourceOffset, bytes) };
  }
}
