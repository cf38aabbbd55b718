import { dequantize, f32ToF16, quantize } from "@krait/tensor";
import type { StoredTensor, WeightFile } from "@krait/weights";
import { type GgmlTypeName, type GgufKey, type GgufTensor, ggufBytes } from "./gguf-bytes.ts";

type Config = Readonly<Record<string, unknown>>;

export interface ToGgufOptions {
  /** Of matrices whose rows have whole blocks; as they are stored unless given. */
  readonly matrices?: "F32" | "Q8_0";
  /** Written after the model's own keys: a tokenizer, a template. */
  readonly keys?: readonly GgufKey[];
}

/**
 * A Nemotron-H checkpoint in the Hugging Face layout as the GGUF file that llama.cpp's converter makes of
 * it: its names, `-exp(A_log)`, and its shapes of what Mamba-2 layers hold beside matrices. llama.cpp
 * (node-llama-cpp 3.22.1) has loaded such files of both fixtures, and found their golden tokens.
 */
export async function toGguf(
  config: Config,
  weights: WeightFile,
  { matrices, keys = [] }: ToGgufOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const tensors: GgufTensor[] = [];
  for (const [name, tensor] of weights.tensors) {
    const values = dequantize(tensor.spec!.format, await weights.bytes(name));
    tensors.push(ggufTensor(config, name, tensor, values, matrices));
  }
  return ggufBytes([...ggufKeys(config), ...keys], tensors);
}

/** The model's own keys. */
export function ggufKeys(config: Config): readonly GgufKey[] {
  const pattern = [...(config.hybrid_override_pattern as string)];
  const sizes: Record<string, unknown> = {
    vocab_size: config.vocab_size,
    context_length: config.max_position_embeddings,
    embedding_length: config.hidden_size,
    block_count: pattern.length,
    "attention.head_count": config.num_attention_heads,
    "attention.key_length": config.head_dim,
    "attention.value_length": config.head_dim,
    "ssm.conv_kernel": config.conv_kernel,
    "ssm.inner_size": Number(config.mamba_num_heads) * Number(config.mamba_head_dim),
    "ssm.state_size": config.ssm_state_size,
    "ssm.time_step_rank": config.mamba_num_heads,
    "ssm.group_count": config.n_groups,
  };
  const perLayer = (kind: string, count: unknown) => pattern.map((layer) => (layer === kind ? count : 0));
  return [
    ["general.architecture", "string", "nemotron_h"],
    ...Object.entries(sizes).map(([key, value]): GgufKey => [`nemotron_h.${key}`, "u32", value]),
    ["nemotron_h.attention.layer_norm_rms_epsilon", "f32", config.layer_norm_epsilon],
    ["nemotron_h.attention.layer_norm_epsilon", "f32", config.layer_norm_epsilon],
    ["nemotron_h.feed_forward_length", "i32[]", perLayer("-", config.intermediate_size)],
    ["nemotron_h.attention.head_count_kv", "i32[]", perLayer("*", config.num_key_value_heads)],
  ];
}

const wholeNames: Readonly<Record<string, string>> = {
  "backbone.embeddings.weight": "token_embd.weight",
  "backbone.norm_f.weight": "output_norm.weight",
  "lm_head.weight": "output.weight",
};

const mixerNames: Readonly<Record<string, string>> = {
  in_proj: "ssm_in",
  conv1d: "ssm_conv1d",
  dt_bias: "ssm_dt.bias",
  A_log: "ssm_a",
  D: "ssm_d",
  norm: "ssm_norm",
  out_proj: "ssm_out",
  up_proj: "ffn_up",
  down_proj: "ffn_down",
  q_proj: "attn_q",
  k_proj: "attn_k",
  v_proj: "attn_v",
  o_proj: "attn_output",
};

function ggufName(name: string): string {
  const whole = wholeNames[name];
  if (whole !== undefined) return whole;
  const [, layer, rest] = /^backbone\.layers\.(\d+)\.(.*)$/.exec(name)!;
  if (rest === "norm.weight") return `blk.${layer}.attn_norm.weight`;
  const [, part, suffix = ""] = rest!.split(/^mixer\.(\w+)/);
  return `blk.${layer}.${mixerNames[part!]}${suffix}`;
}

function ggufTensor(
  config: Config,
  name: string,
  { shape, spec }: StoredTensor,
  values: Float32Array,
  matrices: ToGgufOptions["matrices"],
): GgufTensor {
  const gguf = ggufName(name);
  const groups = Number(config.n_groups);
  // Everything but matrices is kept in f32.
  const f32 = (shape: readonly number[], of = values): GgufTensor => ({
    name: gguf,
    shape,
    type: "F32",
    data: quantize("f32", of),
  });
  if (name.endsWith("A_log"))
    return f32(
      [values.length, 1],
      values.map((value) => -Math.exp(value)),
    );
  if (name.endsWith("mixer.D")) return f32([values.length, 1]);
  if (name.endsWith("mixer.norm.weight")) return f32([groups, values.length / groups]);
  if (name.endsWith("conv1d.weight")) return f32([shape[0]!, shape[2]!]);
  if (shape.length < 2) return f32(shape);
  if (matrices === "Q8_0" && shape[1]! % 32 === 0) {
    return { name: gguf, shape, type: "Q8_0", data: q8_0(values) };
  }
  const format = matrices === "F32" ? "f32" : (spec!.format as "f32" | "f16" | "bf16");
  return { name: gguf, shape, type: format.toUpperCase() as GgmlTypeName, data: quantize(format, values) };
}

/** Blocks of 32 values: an f16 scale, the largest magnitude over 127, and rounded multiples of it. */
function q8_0(values: Float32Array): Uint8Array {
  const blocks = Buffer.alloc((values.length / 32) * 34);
  for (let block = 0; 32 * block < values.length; block++) {
    const source = values.subarray(32 * block, 32 * block + 32);
    const scale = Math.max(...source.map(Math.abs)) / 127;
    blocks.writeUInt16LE(f32ToF16(scale), 34 * block);
    source.forEach((value, i) => {
      blocks.writeInt8(scale === 0 ? 0 : Math.round(value / scale), 34 * block + 2 + i);
    });
  }
  return blocks;
}
