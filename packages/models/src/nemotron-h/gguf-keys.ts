import type { GgufKey } from "@krait/weights";
import { UnsupportedArchitectureError } from "../errors.ts";
import { type LayerKind, parseNemotronHConfig } from "./config.ts";

/**
 * The keys that llama.cpp's converter writes for a Nemotron-H config, and llama.cpp reads.
 *
 * @throws {UnsupportedArchitectureError} for limits of the time step: llama.cpp has none.
 */
export function nemotronHGgufKeys(json: Readonly<Record<string, unknown>>): readonly GgufKey[] {
  const config = parseNemotronHConfig(json);
  const { pattern, mambaHeads, mambaHeadDim, epsilon } = config;
  if (config.timeStepLimit.join() !== [0, Infinity].join()) {
    throw new UnsupportedArchitectureError(`time_step_limit ${JSON.stringify(config.timeStepLimit)}`, [
      "no limits in a GGUF file",
    ]);
  }
  const sizes: Record<string, number> = {
    vocab_size: config.vocabularySize,
    context_length: config.maxContext,
    embedding_length: config.hiddenSize,
    block_count: pattern.length,
    "attention.head_count": config.heads,
    "attention.key_length": config.headDim,
    "attention.value_length": config.headDim,
    "ssm.conv_kernel": config.convKernelSize,
    "ssm.inner_size": mambaHeads * mambaHeadDim,
    "ssm.state_size": config.stateSize,
    "ssm.time_step_rank": mambaHeads,
    "ssm.group_count": config.groups,
  };
  const perLayer = (kind: LayerKind, count: number): Int32Array =>
    Int32Array.from(pattern, (layer) => (layer === kind ? count : 0));
  return [
    ...Object.entries(sizes).map(([key, value]): GgufKey => [`nemotron_h.${key}`, "u32", value]),
    ["nemotron_h.attention.layer_norm_rms_epsilon", "f32", epsilon],
    ["nemotron_h.attention.layer_norm_epsilon", "f32", epsilon],
    ["nemotron_h.feed_forward_length", "i32[]", perLayer("-", config.intermediateSize)],
    ["nemotron_h.attention.head_count_kv", "i32[]", perLayer("*", config.keyValueHeads)],
  ];
}
