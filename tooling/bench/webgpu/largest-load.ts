import { freemem } from "node:os";
import type { WebGpuBackend } from "@krait/backend-webgpu";
import { architectureOf, loadModel, type ModelConfig, planMemory, resolveModelOptions } from "@krait/models";
import type { Format } from "@krait/tensor";
import { readConfig } from "@krait/testing";
import { SyntheticSequence } from "../engines/synthetic-sequence.ts";
import { type Figure, figure } from "../figure.ts";
import { syntheticWeights } from "./synthetic-weights.ts";

/** What the machine's memory may be filled to, and no more than takes a minute to write. */
const FILL = 0.5;
const MOST_BYTES = 8e9;

const options = { maxContext: 1024, maxSequences: 1, chunkRows: 16 } as const;

/**
 * The 9B at its full width with as many of its layers as fit the memory: it is loaded, and gives a token.
 * A software adapter takes the host's memory; of a graphics card's nobody tells how much there is, so that
 * all layers are tried.
 */
export async function* measureLargestLoad(backend: WebGpuBackend): AsyncGenerator<Figure> {
  // Rows of bf16 lie on the device as they are stored, which a processor that has the GPU's work too is glad of.
  const format = backend.software ? "bf16" : "q4_k";
  const available = backend.software ? Math.min(FILL * freemem(), MOST_BYTES) : Number.POSITIVE_INFINITY;
  const config = readConfig("NVIDIA-Nemotron-Nano-9B-v2");
  const pattern = String(config.hybrid_override_pattern);
  let layers = pattern.length;
  while (layers > 1 && bytesOf(cut(config, layers), format, backend) > available) layers--;
  const shape = cut(config, layers);
  const started = performance.now();
  using model = await loadModel(
    architectureOf(shape, "gguf"),
    syntheticWeights(shape, format),
    backend,
    options,
  );
  using sequence = new SyntheticSequence(model, backend);
  await sequence.decode(1);
  const name = `webgpu.largest-load.${format}`;
  yield figure({ name: `${name}.layers`, value: layers, unit: `of ${pattern.length}` });
  yield figure({ name: `${name}.memory`, value: backend.counters.allocatedBytes / 1e9, unit: "GB" });
  yield figure({ name: `${name}.first-token`, value: (performance.now() - started) / 1000, unit: "s" });
}

function cut(config: ModelConfig, layers: number): ModelConfig {
  const pattern = String(config.hybrid_override_pattern).slice(0, layers);
  return { ...config, hybrid_override_pattern: pattern, num_hidden_layers: layers };
}

function bytesOf(config: ModelConfig, format: Format, backend: WebGpuBackend): number {
  const architecture = architectureOf(config, "gguf");
  const formats = Object.fromEntries(
    architecture.weights.map(({ name, kind }) => [name, kind === "matrix" ? format : "f32"] as const),
  );
  const { program, largest } = resolveModelOptions(architecture, backend, formats, options);
  const programs = architecture.programs(program);
  return planMemory(architecture, programs, largest, (spec) => backend.weightBytes(spec)).totalBytes;
}
