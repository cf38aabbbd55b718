import type { ModelConfig } from "@krait/models";
import { readConfig } from "@krait/testing";

/** The shapes that are measured. Speed depends on nothing else of a model, so that its weights may be random. */
export const shapes: Readonly<Record<string, () => ModelConfig>> = {
  "9b": () => readConfig("NVIDIA-Nemotron-Nano-9B-v2"),
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
