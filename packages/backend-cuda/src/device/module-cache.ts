import { brotliDecompressSync } from "node:zlib";
import type { Driver } from "../driver/driver.ts";
import { JitOption, MAX_DYNAMIC_SHARED_BYTES, Result } from "../driver/results.ts";
import type { PtxModule } from "../launch.ts";

/** What a block may have without asking for more: 48 KiB together with what is not dynamic, for which there is room. */
const SHARED_BYTES = 32 * 1024;

/** Of what the driver says about PTX that it does not take. */
const LOG_BYTES = 4096;

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
      handle = this.#translate(brotliDecompressSync(Buffer.from(module.base64, "base64")));
      this.#modules.set(module, handle);
    }
    return handle;
  }

  /** The driver translates PTX for its GPU, or says why it cannot. */
  #translate(ptx: Uint8Array): bigint {
    const image = new Uint8Array(new ArrayBuffer(ptx.byteLength + 1)); // the text, and a zero at its end
    image.set(ptx);
    const log = new Uint8Array(new ArrayBuffer(LOG_BYTES));
    const options = new Int32Array(new ArrayBuffer(8));
    options.set([JitOption.errorLog, JitOption.errorLogBytes]);
    const values = new BigUint64Array(new ArrayBuffer(16));
    values.set([this.#driver.address(log), BigInt(LOG_BYTES)]);
    const module = new BigUint64Array(new ArrayBuffer(8));
    const result = this.#driver.result("cuModuleLoadDataEx", module, image, 2, options, values);
    if (result === Result.success) return module[0]!;
    const text = new TextDecoder().decode(log.subarray(0, log.indexOf(0)));
    throw this.#driver.error("cuModuleLoadDataEx", result, text.trim());
  }
}
