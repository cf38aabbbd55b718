import { COMPUTE_STAGE } from "./flags.ts";

/** A kernel with its constants: what makes one pipeline. */
export interface KernelSpec {
  readonly source: string;
  readonly entryPoint: string;
  readonly constants: Readonly<Record<string, number>>;
  /** What it does with each of its bindings, in order: `r` for read, `w` for write. */
  readonly access: string;
}

/** Pipelines by what they are made of, so that the layers of a model share theirs. */
export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** How many pipelines there are. */
  get size(): number {
    return this.#pipelines.size;
  }

  /**
   * Compiles a kernel, or finds it compiled; those that are asked for together compile together. One that does not
   * compile rejects with an error whose message is the compiler's.
   */
  pipeline(kernel: KernelSpec): Promise<GPUComputePipeline> {
    const { source, entryPoint, constants, access } = kernel;
    const key = JSON.stringify([entryPoint, access, constants, source]);
    let pipeline = this.#pipelines.get(key);
    if (pipeline === undefined) {
      pipeline = this.#compile(kernel);
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  async #compile({ source, entryPoint, constants, access }: KernelSpec): Promise<GPUComputePipeline> {
    const module = this.#module(source);
    try {
      return await this.#device.createComputePipelineAsync({
        label: entryPoint,
        layout: this.#device.createPipelineLayout({ bindGroupLayouts: [this.layout(access)] }),
        compute: { module, entryPoint, constants },
      });
    } catch (cause) {
      // What a pipeline says of a text that does not parse is no more than that.
      const messages = (await module.getCompilationInfo().catch(() => undefined))?.messages ?? [];
      const fault = [...messages].find(({ type }) => type === "error");
      throw new Error(fault?.message ?? (cause as Error).message, { cause });
    }
  }

  layout(access: string): GPUBindGroupLayout {
    let layout = this.#layouts.get(access);
    if (layout === undefined) {
      layout = this.#device.createBindGroupLayout({
        entries: [...access].map((mode, binding) => ({
          binding,
          visibility: COMPUTE_STAGE,
          buffer: { type: mode === "w" ? "storage" : "read-only-storage" },
        })),
      });
      this.#layouts.set(access, layout);
    }
    return layout;
  }

  #module(source: string): GPUShaderModule {
    let module = this.#modules.get(source);
    if (module === undefined) {
      this.#device.pushErrorScope("validation"); // its pipelines say what is wrong with it
      module = this.#device.createShaderModule({ code: source });
      this.#device.popErrorScope().catch(() => {}); // the device is gone, and says so itself
      this.#modules.set(source, module);
    }
    return module;
  }
}
