import type { ModelConfig } from "@krait/models";
import type { Format } from "@krait/tensor";
import { type Figure, figure } from "../figure.ts";
import { shapes } from "../random-model/shapes.ts";
import type { SuiteOptions } from "../suite.ts";
import { measureCeilings } from "./ceilings.ts";
import { withDeviceWeights } from "./device-weights.ts";
import { type CudaBackend, CudaUnavailableError, createCudaBackend } from "./gpu.ts";
import { type LongestContext, showLongestContext } from "./longest-context.ts";
import { measureSteps, type StepSizes } from "./steps.ts";
import { comparedWith, measureTransformers } from "./transformers-peer.ts";

/** What is measured of a GPU. */
export interface CudaSizes extends StepSizes {
  /** Of what is read and copied, and how many products each warp makes, to find the ceilings. */
  readonly ceilings: { readonly byteLength: number; readonly rounds: number };
  readonly formats: readonly Format[];
  /** Values of a matrix that are really drawn. */
  readonly poolValues: number;
  readonly longest: LongestContext;
  /** How long PyTorch may take; it is left out where there is no more time. */
  readonly peerSeconds: number;
}

const full: CudaSizes = {
  shape: "9b",
  config: shapes["9b"]!(),
  ceilings: { byteLength: 2 ** 31, rounds: 4096 },
  formats: ["bf16", "fp8_e4m3", "nvfp4", "q8_0", "q4_0", "q4_k"],
  poolValues: 2 ** 21,
  batches: [1, 8, 64, 256],
  contexts: [1024, 16_384, 131_072],
  promptRows: 8192,
  chunkRows: 1024,
  rounds: 5,
  roundSeconds: 0.2,
  longest: { context: 131_072, bytes: 22 * 2 ** 30 },
  peerSeconds: 300,
};

/** One format of each width, and shorter rounds: five minutes together with the tests. */
const quick: CudaSizes = {
  ...full,
  formats: ["bf16", "fp8_e4m3", "nvfp4", "q4_0"],
  rounds: 3,
  roundSeconds: 0.05,
  peerSeconds: 75,
};

/** Of every kind of layer one, as narrow as kernels take it: figures of the emulated GPU say nothing but that this runs. */
export const toy: CudaSizes = {
  shape: "toy",
  config: toyConfig(),
  ceilings: { byteLength: 2 ** 16, rounds: 1 },
  formats: ["nvfp4"],
  poolValues: 1024,
  batches: [1, 3],
  contexts: [33, 100],
  promptRows: 40,
  chunkRows: 24,
  rounds: 1,
  roundSeconds: 0,
  longest: { context: 100, bytes: 2 ** 25 },
  peerSeconds: 0,
};

/**
 * The CUDA kernels on this machine's GPU: what it reads, copies and multiplies, and what the 9B's shape takes in every
 * width, with random weights. Without a GPU it says what is missing.
 */
export async function* cudaSuite({ quick: isQuick, note }: SuiteOptions): AsyncGenerator<Figure> {
  let sizes: CudaSizes;
  const figures: Figure[] = [];
  try {
    await using backend = await createCudaBackend();
    const { name, compute, multiprocessors } = backend.device;
    note(`GPU: ${name}, compute capability ${compute}, ${multiprocessors} multiprocessors`);
    sizes = backend.software ? toy : isQuick ? quick : full;
    for await (const each of measureGpu(backend, sizes, note)) {
      figures.push(each);
      yield each;
    }
  } catch (error) {
    if (!(error instanceof CudaUnavailableError)) throw error;
    note(`${error.message} Nothing was measured.`);
    return;
  }
  const { config, contexts, promptRows, peerSeconds } = sizes;
  yield* showLongestContext((memoryBytes) => createCudaBackend({ memoryBytes }), sizes.longest, sizes);
  const peer = await measureTransformers(
    { config, context: contexts[0]!, promptRows, seconds: peerSeconds },
    note,
  );
  if (peer) yield* comparedWith(peer, figures, `cuda.${sizes.shape}.bf16`);
}

/** What one GPU does at these sizes. */
export async function* measureGpu(
  backend: CudaBackend,
  sizes: CudaSizes,
  note: (text: string) => void,
): AsyncGenerator<Figure> {
  const ceilings = await measureCeilings(backend, sizes.ceilings);
  yield figure({ name: "cuda.read", value: ceilings.read / 1e9, unit: "GB/s" });
  yield figure({ name: "cuda.copy", value: ceilings.copy / 1e9, unit: "GB/s" });
  yield figure({ name: "cuda.mma.sync", value: ceilings.multiply / 1e9, unit: "Gop/s" });
  const stitching = withDeviceWeights(backend, sizes.poolValues);
  for (const format of sizes.formats) yield* measureSteps(stitching, format, sizes, ceilings, note);
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
