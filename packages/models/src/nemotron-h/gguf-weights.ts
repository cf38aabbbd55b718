import type { WeightEntry } from "../architecture.ts";
import type { NemotronHConfig } from "./config.ts";

/** Names in a GGUF file by the last part of the Program's; the biases of matrices end in `.bias` instead. */
const layerNames: Readonly<Record<string, string>> = {
  norm: "attn_norm.weight",
  inProjection: "ssm_in.weight",
  conv: "ssm_conv1d.weight",
  convBias: "ssm_conv1d.bias",
  a: "ssm_a",
  d: "ssm_d",
  dtBias: "ssm_dt.bias",
  gatedNorm: "ssm_norm.weight",
  outProjection: "ssm_out.weight",
  up: "ffn_up.weight",
  down: "ffn_down.weight",
  query: "attn_q.weight",
  key: "attn_k.weight",
  value: "attn_v.weight",
  output: "attn_output.weight",
};

const modelNames: Readonly<Record<string, string>> = {
  embeddings: "token_embd.weight",
  finalNorm: "output_norm.weight",
  head: "output.weight",
};

/**
 * The same weights as a GGUF file of llama.cpp's converter holds them. Matrices and the order of their rows
 * are those of the Hugging Face layout. `a` is stored as −exp(A_log), so nothing is left to transform; some
 * vectors have a second dimension.
 */
export function inGguf(entries: readonly WeightEntry[], config: NemotronHConfig): readonly WeightEntry[] {
  return entries.map(({ name, shape, kind }) => {
    return {
      name,
      shape,
      kind,
      checkpointName: nameInGguf(name),
      checkpointShape: shapeInGguf(name, shape, config),
    };
  });
}

function nameInGguf(name: string): string {
  const [, layer, part, bias] = /^layers\.(\d+)\.(\w+)(\.bias)?$/.exec(name) ?? [];
  if (layer === undefined) return modelNames[name]!;
  const inLayer = layerNames[part!]!;
  return `blk.${layer}.${bias === undefined ? inLayer : inLayer.replace("weight", "bias")}`;
}

function shapeInGguf(name: string, shape: readonly number[], config: NemotronHConfig): readonly number[] {
  const { mambaHeads, mambaHeadDim, groups } = config;
  if (/\.(a|d)$/.test(name)) return [mambaHeads, 1];
  if (name.endsWith(".gatedNorm")) return [groups, (mambaHeads * mambaHeadDim) / groups];
  return shape;
}
