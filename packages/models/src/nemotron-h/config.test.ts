import { readConfig } from "@krait/testing";
import { parseConfigJson } from "@krait/weights";
import { describe, expect, test } from "vitest";
import { ConfigError, UnsupportedArchitectureError } from "../errors.ts";
import { parseNemotronHConfig } from "./config.ts";

const nano9B = readConfig("NVIDIA-Nemotron-Nano-9B-v2");

/** The 9B's config with some fields changed; undefined takes a field out. */
function changed(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries({ ...nano9B, ...fields }).filter(([, value]) => value !== undefined),
  );
}

function errorOf(fields: Record<string, unknown>): unknown {
  try {
    return parseNemotronHConfig(changed(fields));
  } catch (error) {
    return error;
  }
}

describe("a Nemotron-H config", () => {
  test("of the 9B gives its published sizes", () => {
    expect(parseNemotronHConfig(nano9B)).toEqual({
      pattern: [..."M-M-M-MM-M-M-M*-M-M-M*-M-M-M-M*-M-M-M-M*-M-MM-M-M-M-M-M-"],
      vocabularySize: 131_072,
      hiddenSize: 4480,
      intermediateSize: 15_680,
      heads: 40,
      keyValueHeads: 8,
      headDim: 128,
      mambaHeads: 128,
      mambaHeadDim: 80,
      stateSize: 128,
      groups: 8,
      convKernelSize: 4,
      chunkSize: 128,
      timeStepLimit: [0, Infinity],
      epsilon: 1e-5,
      convBias: true,
      mambaBias: false,
      attentionBias: false,
      mlpBias: false,
      tiedHead: false,
      maxContext: 131_072,
    });
  });

  test.each([
    ["head_dim", "attention_head_dim", 96, "headDim"],
    ["n_groups", "mamba_n_groups", 4, "groups"],
    ["conv_kernel", "mamba_d_conv", 3, "convKernelSize"],
    ["chunk_size", "mamba_chunk_size", 64, "chunkSize"],
    ["layer_norm_epsilon", "rms_norm_eps", 1e-6, "epsilon"],
    ["use_conv_bias", "mamba_conv_bias", false, "convBias"],
    ["time_step_limit", "mamba_dt_limit", [0, 1], "timeStepLimit"],
  ] as const)("may spell %s as %s", (field, alias, value, parsed) => {
    const config = parseNemotronHConfig(changed({ [field]: undefined, [alias]: value }));
    expect(config[parsed]).toEqual(value);
    // Where both stand, the field's own name counts.
    const both = parseNemotronHConfig(changed({ [field]: parsedValue(field), [alias]: value }));
    expect(both[parsed]).toEqual(parsedValue(field));
  });

  test.each([
    ["num_key_value_heads", "keyValueHeads", 40],
    ["head_dim", "headDim", 128],
    ["n_groups", "groups", 8],
    ["conv_kernel", "convKernelSize", 4],
    ["chunk_size", "chunkSize", 128],
    ["use_conv_bias", "convBias", true],
    ["tie_word_embeddings", "tiedHead", false],
  ] as const)("may leave out %s, or say null", (field, parsed, value) => {
    expect(parseNemotronHConfig(changed({ [field]: undefined }))[parsed]).toBe(value);
    expect(parseNemotronHConfig(changed({ [field]: null }))[parsed]).toBe(value);
  });

  test.each([
    ["mamba", "attention", "mlp"],
    ["linear_attention", "full_attention", "mlp"],
  ])("may name its layers %s, %s and %s", (mamba, attention, mlp) => {
    const spelledOut = { M: mamba, "*": attention, "-": mlp };
    const fields = { hybrid_override_pattern: undefined, num_hidden_layers: undefined };
    for (const list of ["layers_block_type", "layer_types"]) {
      const config = { ...fields, [list]: [..."M*-M"].map((kind) => spelledOut[kind as "M"]) };
      expect(parseNemotronHConfig(changed(config)).pattern).toEqual([..."M*-M"]);
    }
  });

  test.each([
    ["the bare word", "[0.0, Infinity]"],
    ["an object", '[0.0, {"__float__": "Infinity"}]'],
  ])("may write infinity as %s", (_, limit) => {
    const text = JSON.stringify(changed({ time_step_limit: "LIMIT" })).replace('"LIMIT"', limit);
    const config = parseConfigJson(text) as Record<string, unknown>;
    expect(parseNemotronHConfig(config).timeStepLimit).toEqual([0, Infinity]);
    // Callers who parse the object with JSON.parse alone are understood too.
    const asObject = { time_step_limit: [0, { __float__: "Infinity" }] };
    expect(parseNemotronHConfig(changed(asObject)).timeStepLimit).toEqual([0, Infinity]);
  });

  test.each([
    [{ hybrid_override_pattern: "ME", num_hidden_layers: 2 }, "mixture-of-experts"],
    [
      { hybrid_override_pattern: undefined, layers_block_type: ["mamba", "moe"], num_hidden_layers: 2 },
      "mixture-of-experts",
    ],
    [{ hybrid_override_pattern: "MX", num_hidden_layers: 2 }, 'layers of kind "X"'],
    [
      { hybrid_override_pattern: undefined, layers_block_type: ["mamba", "hyena"], num_hidden_layers: 2 },
      'layers of kind "hyena"',
    ],
    [{ mamba_hidden_act: "gelu" }, 'mamba_hidden_act "gelu"'],
    [{ mlp_hidden_act: "silu" }, 'mlp_hidden_act "silu"'],
    [{ sliding_window: 4096 }, "sliding_window 4096"],
  ])("with %j is refused by name", (fields, feature) => {
    const error = errorOf(fields);
    expect(error).toBeInstanceOf(UnsupportedArchitectureError);
    expect(error).toMatchObject({
      code: "ARCHITECTURE_UNSUPPORTED",
      feature: expect.stringContaining(feature),
    });
    expect((error as Error).message).toContain(feature);
  });

  test.each([
    ["vocab_size", undefined, "a positive whole number", "nothing"],
    ["vocab_size", 0, "a positive whole number", "0"],
    ["hidden_size", "4480", "a positive whole number", '"4480"'],
    ["hidden_size", 44.5, "a positive whole number", "44.5"],
    ["intermediate_size", -1, "a positive whole number", "-1"],
    ["num_attention_heads", undefined, "a positive whole number", "nothing"],
    ["mamba_num_heads", [], "a positive whole number", "[]"],
    ["mamba_head_dim", undefined, "a positive whole number", "nothing"],
    ["ssm_state_size", undefined, "a positive whole number", "nothing"],
    ["max_position_embeddings", undefined, "a positive whole number", "nothing"],
    ["layer_norm_epsilon", 0, "a positive number", "0"],
    ["use_bias", "no", "true or false", '"no"'],
    ["time_step_limit", [1, 0], "a pair of numbers, the smaller first", "[1,0]"],
    ["time_step_limit", [0], "a pair of numbers, the smaller first", "[0]"],
    ["hybrid_override_pattern", 7, "a string", "7"],
    ["hybrid_override_pattern", "", "the kinds of the layers", '""'],
    ["hybrid_override_pattern", undefined, "the kinds of the layers", "nothing"],
    ["layers_block_type", ["mamba", 1], "a list of strings", '["mamba",1]'],
    ["num_hidden_layers", 55, "56, as many as the layers that are listed", "55"],
    ["num_attention_heads", 41, "a multiple of num_key_value_heads, 8", "41"],
    ["mamba_num_heads", 129, "a multiple of n_groups, 8", "129"],
    ["conv_kernel", 1, "at least 2", "1"],
  ])("with %s %j says what was expected", (field, actual, expected, shown) => {
    const error = errorOf({ [field]: actual });
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({
      code: "CONFIG_INVALID",
      field,
      actual,
      expected: expect.stringContaining(expected),
    });
    const { message } = error as Error;
    for (const part of [`"${field}"`, expected, shown]) expect(message).toContain(part);
  });

  test("needs only what its layers have", () => {
    const mlpOnly = {
      model_type: "nemotron_h",
      hybrid_override_pattern: "-",
      vocab_size: 8,
      hidden_size: 4,
      intermediate_size: 6,
      max_position_embeddings: 16,
    };
    expect(parseNemotronHConfig(mlpOnly)).toMatchObject({ pattern: ["-"], intermediateSize: 6 });
  });
});

function parsedValue(field: string): unknown {
  return (nano9B as Record<string, unknown>)[field] ?? [0.5, 2];
}
