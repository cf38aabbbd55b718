import {
  KernelExecutable,
  type KernelHost,
  type LinearWriter,
  type OpList,
  ownedBytes,
  type Region,
} from "@krait/cpu-kernels";
import {
  type Backend,
  BackendLostError,
  BindingError,
  type CopyRegion,
  checkCopy,
  checkSupported,
  type DeviceBuffer,
  DisposedError,
  type Executable,
  type Extents,
  type Format,
  KraitError,
  type Program,
  type StepProfile,
  StepProfiler,
  type TensorSpec,
  validate,
  type WeightBuffer,
  type WeightSource,
} from "@krait/tensor";
import { WasmBuffer } from "./buffer.ts";
import { heldAs, weightFormats } from "./held.ts";
import { compileKernels, type KernelBuild } from "./kernel-build.ts";
import { instantiateKernels, type KernelModule } from "./kernel-module.ts";
import { linearWriter } from "./linear.ts";
import { loadWeight } from "./load-weight.ts";
import { LARGEST_MEMORY, Memory } from "./memory.ts";
import { MOST_THREADS, partsOf } from "./shards/exchange.ts";
import { Shards } from "./shards/shards.ts";
import { canShareThreads, machineMemory, machineThreads } from "./shards/spawn-thread.ts";
import { type Walk, walk } from "./walk.ts";
import { WasmWeight } from "./weight.ts";
import { SHARED_WORK, workOf } from "./work.ts";

export interface WasmBackendOptions {
  /**
   * How many bytes buffers, weights and scratch may take in all. Unless given what the machine has to
   * spare, or 4 GiB where that cannot be asked.
   */
  readonly memoryBytes?: number | undefined;
  /**
   * How many threads compute, this one among them: one where threads cannot share memory (a page that
   * is not cross-origin isolated, or its main thread); otherwise as many as the machine runs at once.
   */
  readonly threads?: number | undefined;
  /** Which build of the kernels; the fastest that computes right on this processor unless given. */
  readonly build?: KernelBuild | undefined;
}

/** The share of the kernels' own memory that weights may fill; the rest is for states and scratch. */
const WEIGHTS_SHARE = 0.75;

/** More threads than this wait for memory, and for each other. */
const DEFAULT_MOST_THREADS = 8;

/**
 * C kernels in WebAssembly SIMD. Each backend has memories and threads of its own.
 *
 * @throws {KraitError} `WASM_OPTION_INVALID` for a count of threads that there cannot be,
 * `WASM_BUILD_UNAVAILABLE` when a build is asked for that does not work here.
 */
export async function createWasmBackend(options: WasmBackendOptions = {}): Promise<Backend> {
  return await createTunedBackend(options, {});
}

/** When work goes to other threads, and weights to other memories. */
export interface Tuning {
  /** From how much work on; as {@link workOf}. */
  readonly sharedWork?: number;
  /** Weights beyond so many bytes go to memories beside the kernels' own, which states and scratch need too. */
  readonly ownWeightBytes?: number;
}

/** The same, for tests of what only large models do otherwise. */
export async function createTunedBackend(options: WasmBackendOptions, tuning: Tuning): Promise<Backend> {
  const threads = checkThreads(options.threads ?? defaultThreads());
  const kernels = await compileKernels(options.build ?? "auto");
  const shards = new Shards(kernels, threads);
  const module = await instantiateKernels(kernels, shards.imports, threads);
  shards.attach(module);
  return new WasmBackend(module, shards, threads, {
    memoryBytes: options.memoryBytes ?? machineMemory() ?? LARGEST_MEMORY,
    sharedWork: tuning.sharedWork ?? SHARED_WORK,
    ownWeightBytes: tuning.ownWeightBytes ?? WEIGHTS_SHARE * module.mostBytes,
  });
}

function defaultThreads(): number {
  return canShareThreads() ? Math.min(machineThreads(), DEFAULT_MOST_THREADS) : 1;
}

function checkThreads(threads: number): number {
  const most = canShareThreads() ? MOST_THREADS : 1;
  if (Number.isInteger(threads) && threads >= 1 && threads <= most) return threads;
  throw new KraitError(
    "WASM_OPTION_INVALID",
    `"threads" is ${threads}, expected a whole number from 1 to ${most}` +
      `${most === 1 ? ", since threads cannot share memory here" : ""}.`,
  );
}

class WasmBackend implements Backend, KernelHost<WasmWeight> {
  readonly name = "wasm";
  readonly software = false;
  readonly synchronous = true;
  readonly kvDtype = "f16";
  readonly limits: { readonly memoryBytes: number; readonly maxBufferBytes: number };
  readonly weightFormats: readonly Format[] = weightFormats;
  /** Settles when a kernel traps, which no input should make it do, or a thread is gone; disposing is no loss. */
  readonly lost: Promise<BackendLostError>;
  readonly wordBytes = 4;
  readonly parts: number;
  readonly kernels: ReadonlyMap<string, number>;
  readonly linear: LinearWriter<WasmWeight>;
  readonly profiler: StepProfiler = new StepProfiler();
  readonly #module: KernelModule;
  readonly #shards: Shards;
  readonly #walk: Walk;
  readonly #ownWeightBytes: number;
  readonly #memory: Memory;
  readonly #weights = new WeakSet<WasmWeight>();
  #lose!: (error: BackendLostError) => void;
  #loss: BackendLostError | undefined;
  #isDisposed = false;

  constructor(
    module: KernelModule,
    shards: Shards,
    threads: number,
    options: { readonly memoryBytes: number; readonly sharedWork: number; readonly ownWeightBytes: number },
  ) {
    const { memoryBytes, sharedWork, ownWeightBytes } = options;
    this.#module = module;
    this.#shards = shards;
    this.parts = partsOf(threads);
    this.linear = linearWriter(this.parts, sharedWork);
    this.#walk = { module, sharedWork, runParts: (kernel, struct) => shards.runParts(kernel, struct) };
    this.#ownWeightBytes = ownWeightBytes;
    this.kernels = module.places;
    this.limits = { memoryBytes, maxBufferBytes: Math.min(memoryBytes, module.mostBytes) };
    this.#memory = new Memory(module, memoryBytes);
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
    void shards.lost.then((cause) => this.#loseTo(cause));
  }

  allocate(bytes: number, label: string): Region {
    this.#checkLive();
    return this.#memory.allocate(bytes, label);
  }

  weightBytes(spec: TensorSpec): number {
    const held = heldAs(spec, this.#module);
    return held.bytes(held.rows);
  }

  ownedBytes(program: Program, largest: Extents): number {
    return ownedBytes(program, largest, this);
  }

  async loadWeight(spec: TensorSpec, source: WeightSource, signal?: AbortSignal): Promise<WeightBuffer> {
    this.#checkLive();
    const places = {
      kernels: this.#module,
      memory: this.#memory,
      shards: this.#shards,
      ownWeightBytes: this.#ownWeightBytes,
    };
    const weight = await loadWeight(places, spec, source, signal);
    this.#weights.add(weight);
    return weight;
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
    const { sharedWork } = this.#walk;
    if (this.parts > 1 && program.ops.some((op) => workOf(op, largest) >= sharedWork)) {
      await this.#shards.start();
      signal?.throwIfAborted();
    }
    return new KernelExecutable(program, largest, this);
  }

  ownRegion(buffer: DeviceBuffer): WasmBuffer | undefined {
    return buffer instanceof WasmBuffer && buffer.isOf(this.#memory) ? buffer : undefined;
  }

  ownWeight(weight: WeightBuffer): WasmWeight | undefined {
    return weight instanceof WasmWeight && this.#weights.has(weight) ? weight : undefined;
  }

  async profileStep(): Promise<StepProfile> {
    this.#checkLive();
    return await this.profiler.next();
  }

  run(list: OpList, extents: Extents): void {
    const { address, entries, fault, refusal } = list;
    if (this.#loss) throw this.#loss;
    let failed: number;
    try {
      failed =
        this.parts === 1
          ? this.#module.run(address, entries, fault.address)
          : walk(list, extents, this.#walk);
    } catch (cause) {
      throw this.#loseTo(cause);
    }
    if (failed >= 0) throw refusal(failed, this.#memory.bytes(fault.address, fault.byteLength));
  }

  /** Ends the threads. What was allocated stays readable until it is disposed itself, or nobody holds it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#shards.dispose();
  }

  #loseTo(cause: unknown): BackendLostError {
    this.#loss ??= new BackendLostError(this.name, reasonOf(cause), { cause });
    this.#lose(this.#loss);
    return this.#loss;
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

function reasonOf(cause: unknown): string {
  return cause instanceof KraitError ? cause.message.replace(/\.$/, "") : "a kernel trapped";
}
