import { CudaUnavailableError } from "../cuda-errors.ts";
import type { Driver } from "../driver/driver.ts";
import { DeviceAttribute, Result } from "../driver/results.ts";

/** What a GPU is, as far as it matters here. */
export interface DeviceProperties {
  readonly ordinal: number;
  readonly name: string;
  /** Such as 8.6. */
  readonly compute: string;
  readonly multiprocessors: number;
  /** Shared memory that one block may ask for. */
  readonly sharedBytes: number;
}

/** CUDA 11.4, the first with all that is called. */
const OLDEST_DRIVER = 11040;

/** Compute capability 8.0: bf16 on tensor cores. */
const OLDEST_MAJOR = 8;

/**
 * The GPU with this number.
 *
 * @throws {CudaUnavailableError} with what was found, where there is none, or too old a one, or too old a driver.
 */
export function findDevice(driver: Driver, ordinal: number): DeviceProperties {
  const started = driver.result("cuInit", 0);
  if (started !== Result.success && started !== Result.noDevice) {
    throw new CudaUnavailableError("the driver does not start", { cause: driver.error("cuInit", started) });
  }
  const version = driver.int("cuDriverGetVersion");
  if (version < OLDEST_DRIVER) {
    throw new CudaUnavailableError(
      `the driver is for CUDA ${versionText(version)}; it needs one for CUDA ${versionText(OLDEST_DRIVER)} ` +
        "(version 470) or newer",
    );
  }
  const count = started === Result.noDevice ? 0 : driver.int("cuDeviceGetCount");
  if (ordinal >= count) {
    throw new CudaUnavailableError(
      count === 0
        ? "the driver finds no NVIDIA GPU"
        : `there is no GPU ${ordinal}; there are ${count}, from 0`,
    );
  }
  const handle = driver.int("cuDeviceGet", ordinal);
  const bytes = new Uint8Array(new ArrayBuffer(128));
  driver.call("cuDeviceGetName", bytes, bytes.length, handle);
  const name = new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
  const attribute = (which: number) => driver.int("cuDeviceGetAttribute", which, handle);
  const compute = `${attribute(DeviceAttribute.computeMajor)}.${attribute(DeviceAttribute.computeMinor)}`;
  if (attribute(DeviceAttribute.computeMajor) < OLDEST_MAJOR) {
    throw new CudaUnavailableError(
      `${name} has compute capability ${compute}; it needs ${OLDEST_MAJOR}.0 or newer (Ampere, RTX 30)`,
    );
  }
  if (attribute(DeviceAttribute.memoryPools) === 0) {
    throw new CudaUnavailableError(
      `${name} has no memory in the order of streams, as this driver sets it up`,
    );
  }
  return {
    ordinal: handle,
    name,
    compute,
    multiprocessors: attribute(DeviceAttribute.multiprocessors),
    sharedBytes: attribute(DeviceAttribute.sharedBytesOptIn),
  };
}

const versionText = (version: number): string =>
  `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
