import type { ModelConfig } from "@krait/models";
import { readConfig } from "@krait/testing";

/** The shapes that are measured. Speed depends on nothing else of a model, so that its weights may be random. */
export const shapes: Readonly<Record<string, () => ModelConfig>> = {
  "9b": () => readConfig("NVIDIA-Nemotron-Nano-9B-v2"),
  /** Half of the 9B's layers, each as large as there, for machines that cannot hold all of them in bf16. */
  "9b-half": () => {
    const config = readConfig("NVIDIA-Nemotron-Nano-9B-v2");
    const layers = Number(config.num_hidden_layers) / 2;
    const pattern = String(config.hybrid_override_pattern).slice(0, layers);
    return { ...config, num_hidden_layers: layers, hybrid_override_pattern: pattern };
  },
  /** The 9B's layers at a quarter of its width: as many ops, and about a fourteenth of the bytes. */
  "0.6b": () => ({
    ...readConfig("NVIDIA-Nemotron-Nano-9B-v2"),
    hidden_size: 1152,
    intermediate_size: 4032,
    num_attention_heads: 10,
    num_key_value_heads: 2,
    mamba_num_heads: 32,
    vocab_size: 32_768,
  }),
};
