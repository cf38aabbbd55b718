import { CudaUnavailableError, createCudaBackend } from "@krait/backend-cuda";
import type { ModelConfig } from "@krait/models";
import type { Backend, Format } from "@krait/tensor";
import { type Figure, figure } from "../figure.ts";
import { shapes } from "../random-model/shapes.ts";
import type { SuiteOptions } from "../suite.ts";
import { measureCopy } from "./ceilings.ts";
import { measureSteps, type StepSizes } from "./steps.ts";
import { measureTransformers } from "./transformers-peer.ts";

/** What is measured of a GPU. */
export interface CudaSizes extends StepSizes {
  readonly copyBytes: number;
  readonly formats: readonly Format[];
}

const full: CudaSizes = {
  shape: "9b",
  config: shapes["9b"]!(),
  copyBytes: 2 ** 30,
  formats: ["bf16", "fp8_e4m3", "q8_0", "nvfp4", "q4_0"],
  batches: [1, 8, 64, 256],
  contexts: [1024, 16_384, 131_072],
  promptRows: 8192,
  chunkRows: 1024,
  rounds: 3,
  steps: 8,
  timesOps: true,
};

/** Loading takes most of the time, so that one format of each width is all that eight minutes have room for. */
const quick: CudaSizes = { ...full, formats: ["bf16", "fp8_e4m3", "q4_0"] };

/** Of every kind of layer one, as narrow as kernels take it: figures of the emulated GPU say nothing but that this runs. */
export const toy: CudaSizes = {
  shape: "toy",
  config: toyConfig(),
  copyBytes: 2 ** 16,
  formats: ["nvfp4"],
  batches: [1, 3],
  contexts: [33, 100],
  promptRows: 40,
  chunkRows: 24,
  rounds: 1,
  steps: 1,
  timesOps: false,
};

/**
 * The CUDA kernels on this machine's GPU: what it copies and multiplies, and what the 9B's shape takes in every
 * width, with random weights. Without a GPU it says what is missing.
 */
export async function* cudaSuite(options: SuiteOptions): AsyncGenerator<Figure> {
  let backend: Awaited<ReturnType<typeof createCudaBackend>>;
  try {
    backend = await createCudaBackend();
  } catch (error) {
    if (!(error instanceof CudaUnavailableError)) throw error;
    options.note(`${error.message} Nothing was measured.`);
    return;
  }
  await using _ = backend;
  const { name, compute, multiprocessors } = backend.device;
  options.note(`GPU: ${name}, compute capability ${compute}, ${multiprocessors} multiprocessors`);
  yield* measureGpu(backend, backend.software ? toy : options.quick ? quick : full, options.note);
}

/** What one GPU does at these sizes. */
export async function* measureGpu(
  backend: Backend,
  sizes: CudaSizes,
  note: (text: string) => void,
): AsyncGenerator<Figure> {
  const copy = await measureCopy(backend, sizes.copyBytes);
  yield figure({ name: "cuda.copy", value: copy / 1e9, unit: "GB/s" });
  const peer = backend.software
    ? undefined
    : await measureTransformers(sizes.config, sizes.contexts[0]!, sizes.promptRows, note);
  if (peer) yield figure({ name: "cuda.pytorch-matmul", value: peer.matmul / 1e9, unit: "Gop/s" });
  for (const format of sizes.formats) yield* measureSteps(backend, format, sizes, { copy, peer, note });
}

function toyConfig(): ModelConfig {
  return {
    ...shapes["9b"]!(),
    hybrid_override_pattern: "M-*",
    num_hidden_layers: 3,
    hidden_size: 64,
    intermediate_size: 96,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    head_dim: 16,
    mamba_num_heads: 4,
    mamba_head_dim: 8,
    ssm_state_size: 16,
    n_groups: 2,
    vocab_size: 256,
  };
}
