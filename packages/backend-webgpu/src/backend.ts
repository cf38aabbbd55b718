import {
  type Backend,
  type BackendLostError,
  BindingError,
  type CompileOptions,
  type CopyRegion,
  checkSupported,
  type DeviceBuffer,
  type Executable,
  type Extents,
  type Format,
  type Program,
  type Step,
  type StepProfile,
  type TensorSpec,
  validate,
  type WeightBuffer,
  type WeightSource,
} from "@krait/tensor";
import { describeAdapter, findAdapter, isSoftware, languageFeatures } from "./adapter.ts";
import { WebGpuBuffer } from "./buffer.ts";
import { copyRegions } from "./copy.ts";
import { type Counters, Device } from "./device/device.ts";
import { DispatchTimer } from "./device/dispatch-timer.ts";
import { kernelFeatures, kernelTraits, wantedFeatures } from "./device/kernel-traits.ts";
import { WebGpuExecutable } from "./executable.ts";
import { KernelCompileError } from "./kernel-compile-error.ts";
import {
  describeFault,
  type ProductChoice,
  ProductChoices,
  type ProductsOption,
} from "./products/product-choices.ts";
import { SelfTest } from "./self-test/self-test.ts";
import { type KernelTime, WebGpuStep } from "./step.ts";
import { loadWeight, weightBytes } from "./weight.ts";
import { weightFormats } from "./weights/weight-layout.ts";
import { workspaceBytes } from "./workspace-bytes.ts";

export interface WebGpuBackendOptions {
  /** The fastest one unless given: of the page, or in Node of the package `webgpu`. */
  readonly adapter?: GPUAdapter;
  /** Whether an adapter that computes on the processor will do, right and slow as it is; yes unless given. */
  readonly software?: boolean;
  /**
   * Whether an adapter that is found in Node may have features that are no standard yet, as a browser's has by a
   * flag: products by matrix units among them; no unless given.
   */
  readonly experimental?: boolean;
  /** What buffers, weights and scratch may take in all. WebGPU does not tell how much a GPU has; no limit unless given. */
  readonly memoryBytes?: number;
  /**
   * Weights, recurrent states and pages that are larger than this lie in several buffers; the adapter's own
   * limit unless given.
   */
  readonly maxBufferBytes?: number;
  /**
   * Whether kernels are compared with the reference before they are first used; unless given, on adapters
   * that are hardware. A product that is wrong in one variant, or does not compile in it, computes in the next,
   * and the last of them needs no feature.
   */
  readonly selfTest?: boolean;
  /**
   * What products compute in: `f32`; `bytes`, where weights are scaled integers (q8_0, q4_k and their like) and
   * the adapter multiplies bytes, which rounds activations to eight bits with a scale for each 32 of them;
   * `f16`, for many rows where the adapter has it, which rounds them to eleven bits; `matrices`, for many rows
   * where the adapter gives its matrix units, which take f16, too, or f32; or what is the fastest on this adapter, `measured` for one row, a few and many when a format is first met. Unless given, that on
   * adapters that are hardware, and `f32` on others.
   */
  readonly products?: ProductsOption;
  /**
   * Told in words of each choice that was made by measurement, and of each variant that the self-test found wrong
   * or that does not compile.
   */
  readonly onChoice?: (reason: string) => void;
}

/** A {@link Backend} that says what its work has come to. */
export interface WebGpuBackend extends Backend {
  readonly counters: Counters;
  /** How many dispatches a step of these extents is. */
  dispatchesOf(executable: Executable, extents: Extents): number;
  /** What products compute in, for the formats of Programs compiled so far, and by what measurements. */
  readonly products: readonly ProductChoice[];
  /**
   * Runs a step as `run` does, but slower, and tells what each of its dispatches took on the device.
   *
   * @throws {KraitError} `FEATURE_MISSING` where the adapter has no timestamps.
   */
  profile(
    step: Step,
    extents: Extents,
    feeds: Readonly<Record<string, ArrayBufferView>>,
  ): Promise<readonly KernelTime[]>;
}

/**
 * Kernels in WGSL on a GPU, f32 activations and sums.
 *
 * @throws {WebGpuUnavailableError} where there is no WebGPU or no adapter.
 */
export async function createWebGPUBackend({
  adapter,
  software: maySoftware = true,
  experimental = false,
  memoryBytes = Number.POSITIVE_INFINITY,
  maxBufferBytes = Number.POSITIVE_INFINITY,
  selfTest,
  products,
  onChoice,
}: WebGpuBackendOptions = {}): Promise<WebGpuBackend> {
  const chosen = adapter ?? (await findAdapter(maySoftware, experimental));
  const { maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage } = chosen.limits;
  const device = await chosen.requestDevice({
    requiredFeatures: wantedFeatures.filter((feature) => chosen.features.has(feature)),
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage },
  });
  const largest = Math.min(maxBufferBytes, maxBufferSize, maxStorageBufferBindingSize);
  const software = isSoftware(chosen);
  const own = new Device(
    device,
    { memoryBytes, maxBufferBytes: largest },
    kernelTraits(software, kernelFeatures(device, chosen.info, await languageFeatures(), software)),
  );
  const choices = new ProductChoices(own, products ?? (software ? "f32" : "measured"), onChoice);
  if (!(selfTest ?? !software)) return new WebGpu(own, choices);
  return new WebGpu(own, choices, new SelfTest(new WebGpu(own, choices), choices, describeAdapter(chosen)));
}

class WebGpu implements WebGpuBackend {
  readonly name = "webgpu";
  readonly software: boolean;
  readonly synchronous = false;
  readonly kvDtype = "f16";
  readonly limits: { readonly memoryBytes: number; readonly maxBufferBytes: number };
  readonly weightFormats: readonly Format[] = weightFormats;
  readonly #device: Device;
  readonly #products: ProductChoices;
  readonly #selfTest: SelfTest | undefined;

  constructor(device: Device, products: ProductChoices, selfTest?: SelfTest) {
    this.#device = device;
    this.#products = products;
    this.#selfTest = selfTest;
    this.software = device.traits.software;
    const { memoryBytes, maxBufferBytes } = device.memory;
    this.limits = { memoryBytes, maxBufferBytes };
  }

  get lost(): Promise<BackendLostError> {
    return this.#device.lost;
  }

  get counters(): Counters {
    return this.#device.counters;
  }

  get products(): readonly ProductChoice[] {
    return this.#products.all;
  }

  allocate(bytes: number, label: string): DeviceBuffer {
    this.#device.checkLive();
    return WebGpuBuffer.allocate(this.#device, bytes, label);
  }

  weightBytes(spec: TensorSpec): number {
    return weightBytes(spec, this.limits.maxBufferBytes);
  }

  ownedBytes(program: Program, largest: Extents): number {
    const traits = { ...this.#device.traits, variantOf: this.#products.largestVariantOf };
    return workspaceBytes(program, largest, this.limits.maxBufferBytes, traits);
  }

  async loadWeight(spec: TensorSpec, source: WeightSource, signal?: AbortSignal): Promise<WeightBuffer> {
    this.#device.checkLive();
    return loadWeight(this.#device, spec, source, signal);
  }

  copy(regions: readonly CopyRegion[]): void {
    this.#device.checkLive();
    copyRegions(this.#device, regions);
  }

  async compile(program: Program, { largest, signal, onProgress }: CompileOptions): Promise<Executable> {
    this.#device.checkLive();
    signal?.throwIfAborted();
    checkSupported(program, this.name, weightFormats);
    validate(program);
    await this.#products.prepare(program, signal);
    signal?.throwIfAborted();
    await this.#selfTest?.require(program);
    signal?.throwIfAborted();
    for (;;) {
      const traits = { ...this.#device.traits, variantOf: this.#products.variantOf };
      try {
        const executable = await WebGpuExecutable.compile(program, largest, this.#device, traits, onProgress);
        signal?.throwIfAborted();
        return executable;
      } catch (error) {
        if (!(error instanceof KernelCompileError) || !this.#hasOthersThan(error)) throw error;
      }
    }
  }

  /** Whether there are other variants of all products whose kernels do not compile. */
  #hasOthersThan(error: KernelCompileError): boolean {
    const { products } = error;
    const rejected = products.map((each) => this.#products.reject(each, each.variant, describeFault(error)));
    return rejected.length > 0 && rejected.every(Boolean);
  }

  dispatchesOf(executable: Executable, extents: Extents): number {
    if (executable instanceof WebGpuExecutable) return executable.dispatches(extents);
    throw new BindingError("The executable whose dispatches are counted is another backend's.");
  }

  async profile(
    step: Step,
    extents: Extents,
    feeds: Readonly<Record<string, ArrayBufferView>>,
  ): Promise<KernelTime[]> {
    if (step instanceof WebGpuStep) return await step.profile(extents, feeds);
    throw new BindingError("The step that is to be profiled is another backend's.");
  }

  async profileStep(): Promise<StepProfile> {
    this.#device.checkLive();
    DispatchTimer.require(this.#device.gpu);
    return await this.#device.profiler.next();
  }

  /** Frees every buffer. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#device.dispose();
  }
}
