import { brotliDecompressSync } from "node:zlib";
import type { Driver } from "../driver/driver.ts";
import { MAX_DYNAMIC_SHARED_BYTES } from "../driver/results.ts";
import type { PtxModule } from "../launch.ts";

/** What a block may have without asking for more. */
const SHARED_BYTES = 48 * 1024;

/** A kernel that can be launched. */
export interface KernelFunction {
  readonly handle: bigint;
  readonly name: string;
  /** What blocks of this kernel may have of dynamic shared memory. */
  sharedBytes: number;
}

/** Kernels, loaded with their module when they are first asked for. The driver translates PTX for its GPU. */
export class ModuleCache {
  readonly #driver: Driver;
  readonly #modules = new Map<PtxModule, bigint>();
  readonly #functions = new Map<string, KernelFunction>();

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  kernel(module: PtxModule, name: string): KernelFunction {
    let kernel = this.#functions.get(name);
    if (kernel === undefined) {
      const handle = this.#driver.handle("cuModuleGetFunction", this.#load(module), name);
      kernel = { handle, name, sharedBytes: SHARED_BYTES };
      this.#functions.set(name, kernel);
    }
    return kernel;
  }

  /** Lets blocks of a kernel have so many bytes. */
  allowShared(kernel: KernelFunction, bytes: number): void {
    if (bytes <= kernel.sharedBytes) return;
    this.#driver.call("cuFuncSetAttribute", kernel.handle, MAX_DYNAMIC_SHARED_BYTES, bytes);
    kernel.sharedBytes = bytes;
  }

  dispose(): void {
    for (const module of this.#modules.values()) this.#driver.call("cuModuleUnload", module);
  }

  #load(module: PtxModule): bigint {
    let handle = this.#modules.get(module);
    if (handle === undefined) {
      const text = brotliDecompressSync(Buffer.from(module.base64, "base64"));
      const terminated = new Uint8Array(new ArrayBuffer(text.byteLength + 1));
      terminated.set(text);
      handle = this.#driver.handle("cuModuleLoadData", terminated);
      this.#modules.set(module, handle);
    }
    return handle;
  }
}
