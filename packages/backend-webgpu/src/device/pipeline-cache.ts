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

  /** Compiles a kernel, or finds it compiled; those that are asked for together compile together. */
  pipeline(kernel: KernelSpec): Promise<GPUComputePipeline> {
    const { source, entryPoint, constants, access } = kernel;
    const key = JSON.stringify([entryPoint, access, constants, source]);
    let pipeline = this.#pipelines.get(key);
    if (pipeline === undefined) {
      pipeline = this.#device.createComputePipelineAsync({
        label: entryPoint,
        layout: this.#device.createPipelineLayout({ bindGroupLayouts: [this.layout(access)] }),
        compute: { module: this.#module(source), entryPoint, constants },
      });
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
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
      module = this.#device.createShaderModule({ code: source });
      this.#modules.set(source, module);
    }
    return module;
  }
}
