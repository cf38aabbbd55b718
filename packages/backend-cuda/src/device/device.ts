import { BackendLostError, DisposedError } from "@krait/tensor";
import type { Driver } from "../driver/driver.ts";
import { isFault } from "../driver/results.ts";
import { CommandQueue } from "./command-queue.ts";
import { type DeviceProperties, findDevice } from "./find-device.ts";
import { Memory } from "./memory.ts";
import { ModuleCache } from "./module-cache.ts";
import { openContext } from "./open-context.ts";

/** What the work of a backend has come to so far. */
export interface Counters {
  /** Kernels that were launched by themselves. */
  readonly launches: number;
  /** Captured graphs that were launched, each a step. */
  readonly graphLaunches: number;
  /** Copies from the host, and to it. */
  readonly uploads: number;
  readonly downloads: number;
  readonly bytesRead: number;
  /** Allocations that exist, and their bytes. */
  readonly buffers: number;
  readonly allocatedBytes: number;
}

/** The context that calls of this thread go to. */
let current: Device | undefined;

/** A GPU with what all parts of a backend share: the driver, one stream, memory, kernels, and its end. */
export class Device {
  readonly driver: Driver;
  readonly properties: DeviceProperties;
  readonly memory: Memory;
  readonly queue: CommandQueue;
  readonly modules: ModuleCache;
  /** Settles when the device is gone without having been disposed. */
  readonly lost: Promise<BackendLostError>;
  readonly #context: bigint;
  readonly #pool: bigint;
  #lose!: (error: BackendLostError) => void;
  #failure: BackendLostError | undefined;
  #isDisposed = false;

  /** @param memoryBytes - all that is free on the GPU, unless given. */
  constructor(driver: Driver, ordinal: number, memoryBytes: number | undefined) {
    this.driver = driver;
    this.properties = findDevice(driver, ordinal);
    driver.device = `GPU ${ordinal} (${this.properties.name})`;
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
    const { context, pool, stream, freeBytes } = openContext(driver, this.properties.ordinal);
    this.#context = context;
    this.#pool = pool;
    current = this;
    this.memory = new Memory(driver, stream, Math.min(memoryBytes ?? Number.POSITIVE_INFINITY, freeBytes));
    this.queue = new CommandQueue(driver, stream, (error) => this.fail(error));
    this.modules = new ModuleCache(driver);
    driver.onFault = (error) => this.fail(error);
  }

  get counters(): Counters {
    const { launches, graphLaunches, uploads, downloads, bytesRead } = this.queue;
    const { buffers, allocatedBytes } = this.memory;
    return { launches, graphLaunches, uploads, downloads, bytesRead, buffers, allocatedBytes };
  }

  /** Whether it can still be used. */
  get isLive(): boolean {
    return this.#failure === undefined && !this.#isDisposed;
  }

  /**
   * To be called before every use.
   *
   * @throws {BackendLostError} when the device is gone, {@link DisposedError} when it was disposed.
   */
  enter(): void {
    const end = this.#failure ?? (this.#isDisposed ? new DisposedError('Backend "cuda"') : undefined);
    if (end !== undefined) throw end;
    this.#makeCurrent();
  }

  /** Frees memory once the commands that use it are done; nothing where the device is gone with it. */
  free(at: bigint): void {
    if (!this.isLive) return;
    this.#makeCurrent();
    this.queue.flush();
    this.memory.free(at);
  }

  /** Says why the device is gone, and rejects what is pending. */
  fail(error: unknown): Error {
    if (this.#failure !== undefined) return this.#failure;
    if (this.#isDisposed) return new DisposedError('Backend "cuda"');
    const reason = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
    this.#failure = new BackendLostError("cuda", reason, { cause: error });
    this.queue.fail(this.#failure);
    this.#lose(this.#failure);
    return this.#failure;
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.queue.fail(new DisposedError('Backend "cuda"'));
    // After a fault every call fails, and what there is goes with the context, or with the process.
    if (this.#failure === undefined) this.#freeAll();
    this.driver.result("cuDevicePrimaryCtxRelease_v2", this.properties.ordinal);
    current = undefined;
  }

  #freeAll(): void {
    const { driver, queue } = this;
    this.#makeCurrent();
    // A fault that shows only now is nobody's any more.
    if (isFault(driver.result("cuStreamSynchronize", queue.stream))) return;
    queue.dispose();
    this.memory.dispose();
    this.modules.dispose();
    driver.call("cuStreamSynchronize", queue.stream);
    // Another backend may keep the context, and with it what the pool holds back.
    driver.call("cuMemPoolTrimTo", this.#pool, 0);
    driver.call("cuStreamDestroy_v2", queue.stream);
  }

  #makeCurrent(): void {
    if (current === this) return;
    this.driver.call("cuCtxSetCurrent", this.#context);
    current = this;
  }
}
