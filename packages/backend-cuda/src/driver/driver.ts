import { CudaError, CudaUnavailableError } from "../cuda-errors.ts";
import { isFault, Result } from "./results.ts";
import { type DriverFunction, signatures } from "./signatures.ts";

type Koffi = typeof import("koffi");

/** Where results that are not the return value are written; a call is over before the next begins. */
const out: BigUint64Array<ArrayBuffer> = new BigUint64Array(new ArrayBuffer(16));

/** CUDA's driver API. Each call is checked; what is not success is thrown. */
export class Driver {
  /** What errors name besides the call. */
  device: string | undefined;
  /** Told of a fault, after which no call succeeds; gives the error to throw for it. */
  onFault: ((error: CudaError) => Error) | undefined;
  #purpose: string | undefined;
  readonly #koffi: Koffi;
  readonly #functions: Readonly<Record<DriverFunction, (...args: unknown[]) => number>>;
  readonly #describe: (how: "cuGetErrorName" | "cuGetErrorString", result: number) => string;

  private constructor(koffi: Koffi, path: string) {
    this.#koffi = koffi;
    const library = koffi.load(path);
    const bind = ([name, types]: [string, string]) => [name, library.func(name, "int", types.split(", "))];
    this.#functions = Object.fromEntries(Object.entries(signatures).map(bind));
    const text = koffi.out(koffi.pointer("const char *"));
    const describers = {
      cuGetErrorName: library.func("cuGetErrorName", "int", ["int", text]),
      cuGetErrorString: library.func("cuGetErrorString", "int", ["int", text]),
    };
    this.#describe = (how, result) => {
      const found: [string | null] = [null];
      describers[how](result, found);
      return found[0] ?? "no description";
    };
  }

  /**
   * @param path - the driver's library; where the system has it, unless given.
   * @throws {CudaUnavailableError} where there is none, or one that lacks a function.
   */
  static async load(path: string = systemLibrary()): Promise<Driver> {
    let koffi: Koffi;
    try {
      koffi = (await import("koffi")).default as unknown as Koffi;
    } catch (cause) {
      throw new CudaUnavailableError("koffi, which calls the driver, does not load on this platform", {
        cause,
      });
    }
    try {
      return new Driver(koffi, path);
    } catch (cause) {
      const reason =
        cause instanceof Error && /symbol|procedure|find function/i.test(cause.message)
          ? `the NVIDIA driver is too old: ${cause.message}; it needs one for CUDA 11.4 (version 470) or newer`
          : `there is no NVIDIA driver (${path} does not load)`;
      throw new CudaUnavailableError(reason, { cause });
    }
  }

  /** @throws {CudaError}, or what {@link onFault} makes of it. */
  call(name: DriverFunction, ...args: unknown[]): void {
    const result = this.#functions[name](...args);
    if (result === Result.success) return;
    const error = this.error(name, result);
    throw isFault(result) && this.onFault !== undefined ? this.onFault(error) : error;
  }

  /** Does some calls; their errors say what they are for. */
  callFor<T>(purpose: string, calls: () => T): T {
    this.#purpose = purpose;
    try {
      return calls();
    } finally {
      this.#purpose = undefined;
    }
  }

  /** What a call gives that tells by its result, as `cuEventQuery` does. */
  result(name: DriverFunction, ...args: unknown[]): number {
    return this.#functions[name](...args);
  }

  /** The handle or address that a call writes through its first argument. */
  handle(name: DriverFunction, ...args: unknown[]): bigint {
    out[0] = 0n;
    this.call(name, out, ...args);
    return out[0];
  }

  /** The `int` that a call writes through its first argument. */
  int(name: DriverFunction, ...args: unknown[]): number {
    return Number(BigInt.asIntN(32, this.handle(name, ...args)));
  }

  /** @param details - what else is known of it. */
  error(call: DriverFunction, result: number, details = ""): CudaError {
    const resultName = this.#describe("cuGetErrorName", result);
    const described = this.#describe("cuGetErrorString", result);
    const description = details === "" ? described : `${described}: ${details}`;
    const { device } = this;
    return new CudaError({ call, result, resultName, description, during: this.#purpose, device });
  }

  /** Memory of the host at an address, as bytes that are not copied. */
  view(at: bigint, byteLength: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#koffi.view(at, byteLength));
  }

  /** Where an array's bytes are. They stay there when its buffer was made explicitly and is referred to. */
  address(bytes: ArrayBufferView): bigint {
    return BigInt(this.#koffi.address(bytes));
  }
}

/** `KRAIT_CUDA_LIBRARY` names another one: an emulated driver, or one in an unusual place. */
function systemLibrary(): string {
  return process.env.KRAIT_CUDA_LIBRARY ?? (process.platform === "win32" ? "nvcuda.dll" : "libcuda.so.1");
}
