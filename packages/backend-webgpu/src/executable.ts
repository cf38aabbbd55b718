import {
  type CompileOptions,
  checkLargest,
  type DeviceBuffer,
  DisposedError,
  type Executable,
  type Extents,
  type Op,
  type Program,
  planScratch,
  type ScratchPlan,
  type Step,
  type WeightBuffer,
} from "@krait/tensor";
import { accessOfBinding, Bindings } from "./bindings.ts";
import { checkBindings, checkBuffers } from "./buffer-limits.ts";
import { CompileContext } from "./compile-context.ts";
import type { Device } from "./device/device.ts";
import type { KernelTraits } from "./device/kernel-traits.ts";
import { KernelCompileError } from "./kernel-compile-error.ts";
import { launchesOf } from "./kernels/kernels.ts";
import type { Launch } from "./launch.ts";
import { type BoundLaunch, WebGpuStep } from "./step.ts";

/** A dispatch of an op, ready but for its buffers. */
interface CompiledLaunch {
  readonly op: Op;
  readonly launch: Launch;
  readonly pipeline: GPUComputePipeline;
}

/** A Program as dispatches with their pipelines; memory is taken when it is bound. */
export class WebGpuExecutable implements Executable {
  readonly #context: CompileContext;
  readonly #device: Device;
  readonly #scratch: ScratchPlan;
  readonly #launches: readonly CompiledLaunch[];
  #isDisposed = false;

  private constructor(context: CompileContext, device: Device, launches: readonly CompiledLaunch[]) {
    this.#context = context;
    this.#device = device;
    this.#launches = launches;
    this.#scratch = planScratch(context.program, context.largest);
  }

  /**
   * Compiles all pipelines at once.
   *
   * @throws {KernelCompileError} for what does not compile, when all else has.
   */
  static async compile(
    program: Program,
    largest: Extents,
    device: Device,
    traits: KernelTraits,
    onProgress?: CompileOptions["onProgress"],
  ): Promise<WebGpuExecutable> {
    checkLargest(program, largest);
    const context = new CompileContext(program, largest, device.memory.maxBufferBytes, traits);
    checkBuffers(context);
    const launches = program.ops.flatMap((op) => launchesOf(op, context).map((launch) => ({ op, launch })));
    checkBindings(context, launches, device.gpu.limits.maxStorageBuffersPerShaderStage);
    const pending = launches.map(({ launch }) => {
      const access = launch.bindings.map(accessOfBinding).join("");
      return device.pipelines.pipeline({ ...launch, access });
    });
    const pipelines = await eachWithProgress(pending, onProgress);
    device.checkLive();
    const compiled = launches.map((launch, index) => ({ ...launch, pipeline: pipelines[index]! }));
    checkCompiled(compiled);
    return new WebGpuExecutable(context, device, compiled);
  }

  bind(buffers: {
    readonly weights: Readonly<Record<string, WeightBuffer>>;
    readonly states: Readonly<Record<string, DeviceBuffer>>;
  }): Step {
    const { program, largest, layout } = this.#context;
    if (this.#isDisposed) throw new DisposedError(`The executable of Program "${program.name}"`);
    this.#device.checkLive();
    const bindings = new Bindings(program, largest, layout.words, this.#scratch, this.#device, buffers);
    try {
      const bound = this.#launches.map(({ op, launch, pipeline }): BoundLaunch => {
        const layoutOfGroup = this.#device.pipelines.layout(launch.bindings.map(accessOfBinding).join(""));
        const entries = launch.bindings.map((binding, index) => ({
          binding: index,
          resource: { buffer: bindings.buffer(binding) },
        }));
        const group = this.#device.gpu.createBindGroup({ layout: layoutOfGroup, entries });
        return { op, kernel: launch.entryPoint, pipeline, group, workgroups: launch.workgroups };
      });
      return new WebGpuStep(this.#context, this.#device, bindings, bound);
    } catch (error) {
      bindings.dispose();
      throw error;
    }
  }

  /** How many dispatches a step of these extents is. */
  dispatches(extents: Extents): number {
    return this.#launches.filter(({ launch }) => launch.workgroups(extents).every((groups) => groups !== 0))
      .length;
  }

  /** Steps that were bound before stay usable. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
  }
}

/** Waits for kernels that compile at the same time, tells of each that is there, and gives errors as they are. */
async function eachWithProgress(
  pending: readonly Promise<GPUComputePipeline>[],
  onProgress: CompileOptions["onProgress"],
): Promise<(GPUComputePipeline | Error)[]> {
  const settled = new Map(
    pending.map((pipeline) => [pipeline, pipeline.catch((error: Error) => error)] as const),
  );
  let compiledKernels = 0;
  await Promise.all(
    [...settled.values()].map(async (pipeline) => {
      if ((await pipeline) instanceof Error) return;
      onProgress?.({ compiledKernels: ++compiledKernels, totalKernels: settled.size });
    }),
  );
  return await Promise.all(pending.map((pipeline) => settled.get(pipeline)!));
}

/** @throws {KernelCompileError} for those that have an error in their pipeline's place. */
function checkCompiled(
  launches: readonly { readonly launch: Launch; readonly pipeline: GPUComputePipeline | Error }[],
): asserts launches is readonly CompiledLaunch[] {
  const failed = launches.flatMap(({ launch, pipeline }) =>
    pipeline instanceof Error ? [{ launch, reason: pipeline.message }] : [],
  );
  const [first] = failed;
  if (first === undefined) return;
  const products = failed.flatMap(({ launch: { product } }) => product ?? []);
  const areProducts = products.length === failed.length;
  throw new KernelCompileError(first.launch.entryPoint, first.reason, areProducts ? products : []);
}
