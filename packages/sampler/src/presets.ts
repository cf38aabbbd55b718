import type { SamplingOptions } from "./options.ts";

/**
 * What the model card of NVIDIA-Nemotron-Nano-9B-v2 recommends: temperature 0.6 and top-p 0.95 with
 * reasoning, greedy without.
 */
export function recommendedSampling(reasoning: "on" | "off"): SamplingOptions {
  return reasoning === "on" ? { temperature: 0.6, topP: 0.95 } : { temperature: 0 };
}
