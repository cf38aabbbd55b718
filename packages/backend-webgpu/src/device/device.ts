import { BackendLostError, DisposedError, StepProfiler } from "@krait/tensor";
import { CommandQueue } from "./command-queue.ts";
import type { KernelTraits } from "./kernel-traits.ts";
import { Memory } from "./memory.ts";
import { PipelineCache } from "./pipeline-cache.ts";

/** What the work of a backend has come to so far. */
export interface Counters {
  /** Command buffers handed to the device. */
  readonly submits: number;
  readonly dispatches: number;
  /** Bytes that came back to the host. */
  readonly bytesRead: number;
  /** How often the host waited for bytes: reads of one submit come back together. */
  readonly mappings: number;
  /** Buffers that exist, and their bytes. */
  readonly buffers: number;
  readonly allocatedBytes: number;
}

/** A GPU device with what all parts of a backend share: memory, commands, pipelines, and its end. */
export class Device {
  readonly gpu: GPUDevice;
  readonly memory: Memory;
  readonly queue: CommandQueue;
  readonly pipelines: PipelineCache;
  /** Settles when the device is gone without having been disposed. */
  readonly lost: Promise<BackendLostError>;
  #lose!: (error: BackendLostError) => void;
  #failure: BackendLostError | undefined;
  #isDisposed = false;

  readonly traits: KernelTraits;
  /** Who wants the times of a step. */
  readonly profiler: StepProfiler = new StepProfiler();

  constructor(
    gpu: GPUDevice,
    limits: { readonly memoryBytes: number; readonly maxBufferBytes: number },
    traits: KernelTraits,
  ) {
    this.gpu = gpu;
    this.traits = traits;
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
    this.memory = new Memory(gpu, limits, (reason) => this.#fail(reason));
    this.queue = new CommandQueue(gpu, () => this.#end());
    this.pipelines = new PipelineCache(gpu);
    gpu.lost.then(({ message, reason }) => {
      if (!this.#isDisposed)
        this.#fail(message || (reason === "destroyed" ? "it was destroyed" : "no reason given"));
    });
  }

  get counters(): Counters {
    const { submits, dispatches, bytesRead, mappings } = this.queue;
    const { buffers, allocatedBytes } = this.memory;
    return { submits, dispatches, bytesRead, mappings, buffers, allocatedBytes };
  }

  /** @throws {BackendLostError} when the device is gone, {@link DisposedError} when it was disposed. */
  checkLive(): void {
    const end = this.#end();
    if (end !== undefined) throw end;
  }

  /** Frees a buffer once the commands that use it are on their way. */
  free(buffer: GPUBuffer): void {
    if (this.#end() === undefined) this.queue.flush();
    this.memory.free(buffer);
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.queue.dispose();
    this.gpu.destroy();
  }

  #end(): Error | undefined {
    return this.#failure ?? (this.#isDisposed ? new DisposedError('Backend "webgpu"') : undefined);
  }

  #fail(reason: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = new BackendLostError("webgpu", reason);
    this.#lose(this.#failure);
  }
}
