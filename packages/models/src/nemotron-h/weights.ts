import type { WeightEntry } from "../architecture.ts";
import type { NemotronHConfig } from "./config.ts";

/** The widths of `in_proj`'s output, in its order: gate | x | B | C | dt. */
export function inProjectionColumns(
  config: NemotronHConfig,
): readonly [number, number, number, number, number] {
  const inner = config.mambaHeads * config.mambaHeadDim;
  const state = config.groups * config.stateSize;
  return [inner, inner, state, state, config.mambaHeads];
}

/**
 * Every tensor of a checkpoint in the Hugging Face layout, with its name in the Program.
 *
 * Matrices are `[out, in]`. Nothing but the output head and the embedding is shared between layers.
 */
export function nemotronHWeights(config: NemotronHConfig): readonly WeightEntry[] {
  const { hiddenSize, vocabularySize, pattern } = config;
  const entries: WeightEntry[] = [
    matrix("embeddings", "backbone.embeddings.weight", vocabularySize, hiddenSize),
    ...pattern.flatMap((kind, layer) => {
      const norm = vector(`layers.${layer}.norm`, `backbone.layers.${layer}.norm.weight`, hiddenSize);
      const names = { name: `layers.${layer}`, mixer: `backbone.layers.${layer}.mixer` };
      if (kind === "M") return [norm, ...mambaWeights(config, names)];
      if (kind === "-") return [norm, ...mlpWeights(config, names)];
      return [norm, ...attentionWeights(config, names)];
    }),
    vector("finalNorm", "backbone.norm_f.weight", hiddenSize),
  ];
  if (!config.tiedHead) entries.push(matrix("head", "lm_head.weight", vocabularySize, hiddenSize));
  return entries;
}

interface LayerNames {
  readonly name: string;
  readonly mixer: string;
}

function mambaWeights(config: NemotronHConfig, { name, mixer }: LayerNames): WeightEntry[] {
  const { hiddenSize, mambaHeads, convKernelSize, mambaBias, convBias } = config;
  const columns = inProjectionColumns(config);
  const [inner, x, b, c] = columns;
  const channels = x + b + c;
  const projected = columns.reduce((sum, count) => sum + count, 0);
  return [
    ...linear(`${name}.inProjection`, `${mixer}.in_proj`, projected, hiddenSize, mambaBias),
    {
      // The checkpoint keeps Conv1d's dimension of input channels for each group, which is 1.
      ...vector(`${name}.conv`, `${mixer}.conv1d.weight`, channels),
      shape: [channels, convKernelSize],
      checkpointShape: [channels, 1, convKernelSize],
    },
    ...(convBias ? [vector(`${name}.convBias`, `${mixer}.conv1d.bias`, channels)] : []),
    { ...vector(`${name}.a`, `${mixer}.A_log`, mambaHeads), transform: "negative-exponential" },
    vector(`${name}.d`, `${mixer}.D`, mambaHeads),
    vector(`${name}.dtBias`, `${mixer}.dt_bias`, mambaHeads),
    vector(`${name}.gatedNorm`, `${mixer}.norm.weight`, inner),
    ...linear(`${name}.outProjection`, `${mixer}.out_proj`, hiddenSize, inner, mambaBias),
  ];
}

function mlpWeights(config: NemotronHConfig, { name, mixer }: LayerNames): WeightEntry[] {
  const { hiddenSize, intermediateSize, mlpBias } = config;
  return [
    ...linear(`${name}.up`, `${mixer}.up_proj`, intermediateSize, hiddenSize, mlpBias),
    ...linear(`${name}.down`, `${mixer}.down_proj`, hiddenSize, intermediateSize, mlpBias),
  ];
}

function attentionWeights(config: NemotronHConfig, { name, mixer }: LayerNames): WeightEntry[] {
  const { hiddenSize, heads, keyValueHeads, headDim, attentionBias } = config;
  return [
    ...linear(`${name}.query`, `${mixer}.q_proj`, heads * headDim, hiddenSize, attentionBias),
    ...linear(`${name}.key`, `${mixer}.k_proj`, keyValueHeads * headDim, hiddenSize, attentionBias),
    ...linear(`${name}.value`, `${mixer}.v_proj`, keyValueHeads * headDim, hiddenSize, attentionBias),
    ...linear(`${name}.output`, `${mixer}.o_proj`, hiddenSize, heads * headDim, attentionBias),
  ];
}

function linear(
  name: string,
  checkpoint: string,
  outputs: number,
  inputs: number,
  bias: boolean,
): WeightEntry[] {
  const weight = matrix(name, `${checkpoint}.weight`, outputs, inputs);
  return bias ? [weight, vector(`${name}.bias`, `${checkpoint}.bias`, outputs)] : [weight];
}

function matrix(name: string, checkpointName: string, rows: number, columns: number): WeightEntry {
  return { name, checkpointName, shape: [rows, columns], checkpointShape: [rows, columns], kind: "matrix" };
}

function vector(name: string, checkpointName: string, length: number): WeightEntry {
  return { name, checkpointName, shape: [length], checkpointShape: [length], kind: "vector" };
}
