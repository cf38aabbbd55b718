import {
  checkLargest,
  type DeviceBuffer,
  DisposedError,
  type Executable,
  type Extents,
  KraitError,
  type Op,
  type Program,
  planScratch,
  type ScratchPlan,
  type Step,
  stateBytes,
  type WeightBuffer,
} from "@krait/tensor";
import { accessOfBinding, Bindings } from "./bindings.ts";
import { CompileContext } from "./compile-context.ts";
import type { Device } from "./device/device.ts";
import type { KernelTraits } from "./device/kernel-traits.ts";
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

  /** Compiles all pipelines at once. */
  static async compile(
    program: Program,
    largest: Extents,
    device: Device,
    traits: KernelTraits,
  ): Promise<WebGpuExecutable> {
    checkLargest(program, largest);
    const context = new CompileContext(program, largest, device.memory.maxBufferBytes, traits);
    checkBuffers(context);
    const launches = program.ops.flatMap((op) => launchesOf(op, context).map((launch) => ({ op, launch })));
    const compiled = await Promise.all(
      launches.map(async ({ op, launch }) => {
        const access = launch.bindings.map(accessOfBinding).join("");
        return { op, launch, pipeline: await device.pipelines.pipeline({ ...launch, access }) };
      }),
    );
    device.checkLive();
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

/**
 * Asks of everything but weights, which are split, whether a buffer can hold it: before the weights are there.
 *
 * @throws {KraitError} `BUFFER_TOO_LARGE` naming what is too large, and what to make smaller.
 */
function checkBuffers({ program, largest, layout, maxBufferBytes }: CompileContext): void {
  const check = (what: string, bytes: number, advice: string): void => {
    if (bytes <= maxBufferBytes) return;
    throw new KraitError(
      "BUFFER_TOO_LARGE",
      `${what} of Program "${program.name}" needs ${bytes} bytes, but this adapter's buffers end at ` +
        `${maxBufferBytes}. ${advice}`,
    );
  };
  for (const [name, spec] of Object.entries(program.states)) {
    check(`State "${name}"`, stateBytes(spec), "Use fewer slots or pages, or a shorter context.");
  }
  const shorter = "Use steps of fewer rows.";
  for (const bytes of planScratch(program, largest).buffers) check("An intermediate", bytes, shorter);
  check("The feeds", 4 * layout.words, shorter);
}
