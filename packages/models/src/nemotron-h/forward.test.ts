import type { OpOf, Program } from "@krait/tensor";
import { readConfig } from "@krait/testing";
import { describe, expect, test } from "vitest";
import { architectureOf } from "../architecture.ts";
import { resolveModelOptions } from "../model-options.ts";

const nano9B = readConfig("NVIDIA-Nemotron-Nano-9B-v2");

/** `forward` of the 9B's config with some fields changed. */
function forward(fields: Record<string, unknown>): Program {
  const architecture = architectureOf({ ...nano9B, num_hidden_layers: undefined, ...fields });
  const { program } = resolveModelOptions(architecture, { kvDtype: "f16" }, {}, {});
  return architecture.programs(program).forward;
}

function linears(program: Program): OpOf<"linear">[] {
  return program.ops.filter((op) => op.op === "linear");
}

// Numbers are the goldens' part; these are the parts of a config that no golden has.
describe("forward", () => {
  test.each([
    ["use_bias", ["layers.0.inProjection", "layers.0.outProjection"]],
    ["mlp_bias", ["layers.1.up", "layers.1.down"]],
    ["attention_bias", ["layers.2.query", "layers.2.key", "layers.2.value", "layers.2.output"]],
  ])("adds a bias where %s calls for it, and nowhere else", (field, biased) => {
    const program = forward({ hybrid_override_pattern: "M-*", [field]: true });
    const found = linears(program).flatMap(({ weight, bias }) =>
      bias ? [[weight.weight, bias.weight]] : [],
    );
    expect(found.sort()).toEqual(biased.map((name) => [name, `${name}.bias`]).sort());
  });

  test("leaves out the bias of the convolution where the config does", () => {
    const conv = (use_conv_bias: boolean) =>
      forward({ hybrid_override_pattern: "M", use_conv_bias }).ops.find((op) => op.op === "causalConv")!;
    expect(conv(true)).toHaveProperty("bias", { weight: "layers.0.convBias" });
    expect(conv(false)).not.toHaveProperty("bias");
  });

  test("takes the embedding for the head where they are tied", () => {
    const head = (tie_word_embeddings: boolean) =>
      linears(forward({ hybrid_override_pattern: "M", tie_word_embeddings })).at(-1)!.weight.weight;
    expect([head(true), head(false)]).toEqual(["embeddings", "head"]);
  });

  test("limits the time step as the config says", () => {
    const program = forward({ hybrid_override_pattern: "M", time_step_limit: [0.01, 0.5] });
    expect(program.ops.find((op) => op.op === "ssmScan")).toMatchObject({ timeStepLimit: [0.01, 0.5] });
  });

  test("has no positions, pages or keys without attention", () => {
    const { feeds, states } = forward({ hybrid_override_pattern: "M-" });
    expect(Object.keys(feeds).sort()).toEqual(["generated", "outputRow", "segment", "slot", "token"]);
    expect(Object.keys(states).sort()).toEqual([
      "lastToken",
      "layers.0.recurrent",
      "layers.0.window",
      "tokenCount",
    ]);
  });
});
