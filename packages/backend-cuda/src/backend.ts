import {
  type Backend,
  type BackendLostError,
  type CopyRegion,
  checkSupported,
  type DeviceBuffer,
  type Executable,
  type Extents,
  type Format,
  type Program,
  type TensorSpec,
  validate,
  type WeightBuffer,
  type WeightSource,
} from "@krait/tensor";
import { CudaBuffer } from "./buffer.ts";
import { copyRegions } from "./copy.ts";
import { type Counters, Device } from "./device/device.ts";
import type { DeviceProperties } from "./device/find-device.ts";
import { Driver } from "./driver/driver.ts";
import { CudaExecutable } from "./executable.ts";
import { loadWeight, weightBytes } from "./weight.ts";
import { weightFormats } from "./weights/weight-layout.ts";

export interface CudaBackendOptions {
  /** Which GPU, counted from 0, as the driver numbers them; the first unless given. */
  readonly device?: number;
  /** What buffers, weights and scratch may take in all; what is free on the GPU unless given. */
  readonly memoryBytes?: number;
  /** The driver's library; `KRAIT_CUDA_LIBRARY`, or where the system has it, unless given. */
  readonly library?: string;
}

/** A {@link Backend} that says what it runs on, and what its work has come to. */
export interface CudaBackend extends Backend {
  readonly device: DeviceProperties;
  readonly counters: Counters;
}

/**
 * CUDA kernels on an NVIDIA GPU, f32 activations and sums. Only the driver has to be installed.
 *
 * @throws {CudaUnavailableError} where there is no driver, no GPU, or one that is too old, with what was found.
 */
export async function createCudaBackend({
  device = 0,
  memoryBytes,
  library,
}: CudaBackendOptions = {}): Promise<CudaBackend> {
  const driver = await Driver.load(library);
  return new Cuda(new Device(driver, device, memoryBytes));
}

class Cuda implements CudaBackend {
  readonly name = "cuda";
  readonly software: boolean;
  readonly synchronous = false;
  readonly kvDtype = "f16";
  readonly limits: { readonly memoryBytes: number; readonly maxBufferBytes: number };
  readonly weightFormats: readonly Format[] = weightFormats;
  readonly #device: Device;

  constructor(device: Device) {
    this.#device = device;
    this.software = /emulated/i.test(device.properties.name);
    const { memoryBytes } = device.memory;
    this.limits = { memoryBytes, maxBufferBytes: memoryBytes };
  }

  static deviceOf(backend: Backend): Device {
    if (backend instanceof Cuda) return backend.#device;
    throw new TypeError(`Backend "${backend.name}" is not one of CUDA.`);
  }

  get lost(): Promise<BackendLostError> {
    return this.#device.lost;
  }

  get device(): DeviceProperties {
    return this.#device.properties;
  }

  get counters(): Counters {
    return this.#device.counters;
  }

  allocate(bytes: number, label: string): DeviceBuffer {
    this.#device.enter();
    const base = this.#device.memory.allocate(bytes, label, 0);
    return new CudaBuffer(this.#device, label, { base, byteOffset: 0 }, bytes);
  }

  weightBytes(spec: TensorSpec): number {
    return weightBytes(spec);
  }

  async loadWeight(spec: TensorSpec, source: WeightSource, signal?: AbortSignal): Promise<WeightBuffer> {
    this.#device.enter();
    return await loadWeight(this.#device, spec, source, signal);
  }

  copy(regions: readonly CopyRegion[]): void {
    this.#device.enter();
    copyRegions(this.#device, regions);
  }

  async compile(
    program: Program,
    { largest, signal }: { readonly largest: Extents; readonly signal?: AbortSignal },
  ): Promise<Executable> {
    this.#device.enter();
    signal?.throwIfAborted();
    checkSupported(program, this.name, weightFormats);
    validate(program);
    return new CudaExecutable(program, largest, this.#device);
  }

  /** Frees everything; pending reads reject. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#device.dispose();
  }
}

/**
 * What a backend runs on, for measurements beside it.
 *
 * @throws {TypeError} for a backend of another kind.
 */
export function deviceOf(backend: Backend): Device {
  return Cuda.deviceOf(backend);
}
