import { readConfig } from "@krait/testing";
import { describe, expect, test } from "vitest";
import { architectureOf } from "./architecture.ts";
import { UnsupportedArchitectureError } from "./errors.ts";
import { type MemoryPlan, planMemory } from "./memory-plan.ts";
import { resolveModelOptions } from "./model-options.ts";

/** The plan of a released model with all weights in bf16, as published, and f16 keys and values. */
function planOf(name: string): MemoryPlan {
  const architecture = architectureOf(readConfig(name));
  const formats = Object.fromEntries(architecture.weights.map((weight) => [weight.name, "bf16"] as const));
  const { program, largest } = resolveModelOptions(architecture, { kvDtype: "f16" }, formats, {});
  return planMemory(architecture, architecture.programs(program), largest);
}

describe("released models", () => {
  // Parameter counts as published for the 9B, the 8B and the 4B of the third generation; the others follow
  // from their configs, as do states and keys and values, by the oracle's own arithmetic and not by Krait's.
  test.each([
    [
      "NVIDIA-Nemotron-Nano-9B-v2",
      8_888_227_328,
      341,
      27 * 4 * (12_288 * 3 + 128 * 80 * 128),
      4 * 2 * 8 * 128 * 2,
    ],
    [
      "NVIDIA-Nemotron-Nano-12B-v2",
      12_310_001_152,
      369,
      28 * 4 * (12_288 * 3 + 128 * 80 * 128),
      6 * 2 * 8 * 128 * 2,
    ],
    ["NVIDIA-Nemotron-3-Nano-4B", 3_973_556_832, 263, undefined, 16_384],
    ["Nemotron-H-8B-Base-8K", 8_100_852_736, 311, undefined, 16_384],
    ["Nemotron-H-4B-Base-8K", 4_489_223_040, 311, undefined, 16_384],
  ])("%s has %i parameters", (name, parameters, tensors, stateBytes, kvBytes) => {
    const plan = planOf(name);
    expect(plan.parameters).toBe(parameters);
    expect(plan.weightBytes).toBe(2 * parameters);
    expect(architectureOf(readConfig(name)).weights.length).toBe(tensors);
    if (stateBytes !== undefined) expect(plan.stateBytesPerSequence).toBe(stateBytes);
    expect(plan.kvBytesPerToken).toBe(kvBytes);
  });

  test("the 9B takes 17,776,454,656 bytes, 145,539,072 for each sequence and 16,384 for each token", () => {
    expect(planOf("NVIDIA-Nemotron-Nano-9B-v2")).toMatchObject({
      weightBytes: 17_776_454_656,
      stateBytesPerSequence: 145_539_072,
      kvBytesPerToken: 16_384,
    });
  });

  test("the 30B is refused for its mixture of experts", () => {
    expect(() => architectureOf(readConfig("NVIDIA-Nemotron-3-Nano-30B-A3B"))).toThrow(
      expect.objectContaining({
        code: "ARCHITECTURE_UNSUPPORTED",
        message: expect.stringContaining("mixture-of-experts"),
        supported: expect.arrayContaining([expect.stringContaining("Mamba-2")]),
      }),
    );
  });
});

describe("architectureOf", () => {
  test.each([
    [{ model_type: "llama" }, '"llama"'],
    [{}, "no model_type"],
    [{ model_type: 7 }, "7"],
    [{ model_type: "constructor" }, '"constructor"'],
  ])("refuses %j, naming what is known", (config, named) => {
    expect(() => architectureOf(config)).toThrow(UnsupportedArchitectureError);
    expect(() => architectureOf(config)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(named), supported: ["nemotron_h"] }),
    );
  });

  test("says what the layers are", () => {
    const { name, summary, maxContext, vocabularySize } = architectureOf(
      readConfig("NVIDIA-Nemotron-Nano-9B-v2"),
    );
    expect({ name, summary, maxContext, vocabularySize }).toEqual({
      name: "nemotron_h",
      summary: "56 layers: 27 Mamba-2, 25 MLP, 4 attention",
      maxContext: 131_072,
      vocabularySize: 131_072,
    });
  });
});
