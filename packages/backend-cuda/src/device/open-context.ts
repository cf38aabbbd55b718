import { CudaError, CudaUnavailableError } from "../cuda-errors.ts";
import type { Driver } from "../driver/driver.ts";
import { isFault, NON_BLOCKING, RELEASE_THRESHOLD } from "../driver/results.ts";

/** A GPU's primary context, which is current in this thread, with what all work in it needs. */
export interface Context {
  readonly context: bigint;
  /** What memory in the order of streams comes from. */
  readonly pool: bigint;
  readonly stream: bigint;
  /** Memory that nobody has taken. */
  readonly freeBytes: number;
}

/**
 * Retains the context; it is to be released.
 *
 * @throws {CudaUnavailableError} when there is no memory for it, when somebody else has the GPU for himself,
 *   or when a fault before has left this process without it.
 */
export function openContext(driver: Driver, ordinal: number): Context {
  try {
    const context = driver.handle("cuDevicePrimaryCtxRetain", ordinal);
    try {
      return { context, ...prepare(driver, context, ordinal) };
    } catch (error) {
      driver.result("cuDevicePrimaryCtxRelease_v2", ordinal);
      throw error;
    }
  } catch (error) {
    if (!(error instanceof CudaError)) throw error;
    const advice = isFault(error.result) ? ". After a fault the process has to be started anew" : "";
    throw new CudaUnavailableError(`${error.message.replace(/\.$/, "")}${advice}`, { cause: error });
  }
}

function prepare(driver: Driver, context: bigint, ordinal: number): Omit<Context, "context"> {
  driver.call("cuCtxSetCurrent", context);
  const free = new BigUint64Array(new ArrayBuffer(16));
  driver.call("cuMemGetInfo_v2", free, free.subarray(1));
  // What is given back stays with this process, so that the next allocation is at once.
  const pool = driver.handle("cuDeviceGetDefaultMemPool", ordinal);
  const all = new BigUint64Array(new ArrayBuffer(8)).fill(2n ** 64n - 1n);
  driver.call("cuMemPoolSetAttribute", pool, RELEASE_THRESHOLD, all);
  return { pool, stream: driver.handle("cuStreamCreate", NON_BLOCKING), freeBytes: Number(free[0]) };
}
