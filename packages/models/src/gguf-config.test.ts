import { readConfig } from "@krait/testing";
import { describe, expect, test } from "vitest";
import { architectureOf } from "./architecture.ts";
import { configOfGguf, ggufKeysOf } from "./gguf-config.ts";

type Contents = Parameters<typeof configOfGguf>[0];

/** The 9B's GGUF file, with some keys changed or, where undefined, missing; its tensors are as many as it needs. */
function contents(changes: Record<string, unknown> = {}): Contents {
  const metadata: Record<string, unknown> = {};
  for (const [key, , value] of ggufKeysOf(readConfig("NVIDIA-Nemotron-Nano-9B-v2"))) metadata[key] = value;
  for (const [key, value] of Object.entries(changes)) metadata[key] = value;
  const names = ["token_embd.weight", "output.weight", "blk.0.ssm_conv1d.bias"];
  return { metadata, tensors: new Map(names.map((name) => [name, undefined])) };
}

test("the 9B's file describes the same model as its config.json", () => {
  const fromFile = architectureOf(configOfGguf(contents()), "gguf");
  const fromJson = architectureOf(readConfig("NVIDIA-Nemotron-Nano-9B-v2"));
  const { summary, vocabularySize, maxContext } = fromJson;
  expect(fromFile).toMatchObject({ name: "nemotron_h", summary, vocabularySize, maxContext });
  expect(fromFile.weights.map(({ name, shape }) => [name, shape])).toEqual(
    fromJson.weights.map(({ name, shape }) => [name, shape]),
  );
});

test("the keys are those of llama.cpp's converter", () => {
  const keys = ggufKeysOf(readConfig("NVIDIA-Nemotron-Nano-9B-v2"));
  const pattern = "M-M-M-MM-M-M-M*-M-M-M*-M-M-M-M*-M-M-M-M*-M-MM-M-M-M-M-M-";
  const perLayer = (kind: string, count: number) => [...pattern].map((layer) => (layer === kind ? count : 0));
  expect(keys[0]).toEqual(["general.architecture", "string", "nemotron_h"]);
  const named = Object.fromEntries(
    keys.map(([key, type, value]) => [key.replace("nemotron_h.", ""), [type, value]]),
  );
  expect(named).toEqual({
    "general.architecture": ["string", "nemotron_h"],
    vocab_size: ["u32", 131072],
    context_length: ["u32", 131072],
    embedding_length: ["u32", 4480],
    block_count: ["u32", 56],
    feed_forward_length: ["i32[]", Int32Array.from(perLayer("-", 15680))],
    "attention.head_count": ["u32", 40],
    "attention.head_count_kv": ["i32[]", Int32Array.from(perLayer("*", 8))],
    "attention.key_length": ["u32", 128],
    "attention.value_length": ["u32", 128],
    "attention.layer_norm_rms_epsilon": ["f32", 1e-5],
    "attention.layer_norm_epsilon": ["f32", 1e-5],
    "ssm.conv_kernel": ["u32", 4],
    "ssm.inner_size": ["u32", 10240],
    "ssm.state_size": ["u32", 128],
    "ssm.time_step_rank": ["u32", 128],
    "ssm.group_count": ["u32", 8],
  });
});

test("limits of the time step, which GGUF cannot say, are refused", () => {
  const config = { ...readConfig("NVIDIA-Nemotron-Nano-9B-v2"), time_step_limit: [0.001, 0.1] };
  expect(() => ggufKeysOf(config)).toThrow(expect.objectContaining({ code: "ARCHITECTURE_UNSUPPORTED" }));
});

test("names and shapes are those of llama.cpp's converter", () => {
  const { weights } = architectureOf(configOfGguf(contents()), "gguf");
  const stored = Object.fromEntries(weights.map((entry) => [entry.checkpointName, entry.checkpointShape]));
  expect(stored).toMatchObject({
    "token_embd.weight": [131072, 4480],
    "blk.0.attn_norm.weight": [4480],
    "blk.0.ssm_in.weight": [22656, 4480],
    "blk.0.ssm_conv1d.weight": [12288, 4],
    "blk.0.ssm_conv1d.bias": [12288],
    "blk.0.ssm_dt.bias": [128],
    "blk.0.ssm_a": [128, 1],
    "blk.0.ssm_d": [128, 1],
    "blk.0.ssm_norm.weight": [8, 1280],
    "blk.0.ssm_out.weight": [4480, 10240],
    "blk.1.ffn_up.weight": [15680, 4480],
    "blk.1.ffn_down.weight": [4480, 15680],
    "blk.14.attn_q.weight": [5120, 4480],
    "blk.14.attn_k.weight": [1024, 4480],
    "blk.14.attn_v.weight": [1024, 4480],
    "blk.14.attn_output.weight": [4480, 5120],
    "output_norm.weight": [4480],
    "output.weight": [131072, 4480],
  });
  expect(weights.filter(({ transform }) => transform !== undefined)).toEqual([]);
});

test("a file without an output matrix uses its embeddings", () => {
  const { metadata } = contents();
  const tied = configOfGguf({ metadata, tensors: new Map([["token_embd.weight", undefined]]) });
  expect(tied).toMatchObject({ tie_word_embeddings: true, use_conv_bias: false });
});

test("the tokens that end a turn are all that the file names", () => {
  const { eos_token_id } = configOfGguf(
    contents({
      "tokenizer.ggml.eos_token_id": 12,
      "tokenizer.ggml.eot_token_id": 11,
      "tokenizer.ggml.eom_token_id": 12,
    }),
  );
  expect(eos_token_id).toEqual([12, 11]);
});

test("one number stands for all layers", () => {
  const heads = configOfGguf(contents({ "nemotron_h.attention.head_count": new Int32Array(56).fill(40) }));
  expect(heads).toEqual(configOfGguf(contents()));
});

describe("what is refused", () => {
  test.each([
    ["nemotron_h_moe", /mixture-of-experts layers, which are not supported yet/],
    ["llama", /architecture "llama"/],
    ["constructor", /architecture "constructor"/],
  ])("architecture %s", (architecture, message) => {
    expect(() => configOfGguf(contents({ "general.architecture": architecture }))).toThrow(
      expect.objectContaining({
        code: "ARCHITECTURE_UNSUPPORTED",
        message: expect.stringMatching(message),
        supported: ["nemotron_h"],
      }),
    );
  });

  const withMlp = (changes: Record<number, number>): Int32Array => {
    const lengths = (contents().metadata["nemotron_h.feed_forward_length"] as Int32Array).slice();
    for (const [layer, length] of Object.entries(changes)) lengths[Number(layer)] = length;
    return lengths;
  };

  test.each([
    ["MLP layers of several sizes", "feed_forward_length", withMlp({ 1: 64 })],
    ["layer 14 with both attention and an MLP", "feed_forward_length", withMlp({ 14: 64 })],
    ["keys and values of different lengths", "attention.value_length", 64],
  ])("%s", (feature, key, value) => {
    expect(() => configOfGguf(contents({ [`nemotron_h.${key}`]: value }))).toThrow(
      expect.objectContaining({ code: "ARCHITECTURE_UNSUPPORTED", feature }),
    );
  });

  test.each([
    ["general.architecture", undefined],
    ["general.architecture", new BigUint64Array(1)],
    ["nemotron_h.embedding_length", undefined],
    ["nemotron_h.embedding_length", 0],
    ["nemotron_h.embedding_length", "4480"],
    ["nemotron_h.embedding_length", 2n ** 63n],
    ["nemotron_h.embedding_length", new BigInt64Array(5)],
    ["nemotron_h.embedding_length", "x".repeat(1_000_000)],
    ["nemotron_h.block_count", 2 ** 40],
    ["nemotron_h.feed_forward_length", new Int32Array(55)],
    ["nemotron_h.feed_forward_length", new Int32Array(56).fill(-1)],
    ["nemotron_h.feed_forward_length", ["1"]],
    ["nemotron_h.attention.layer_norm_rms_epsilon", Number.NaN],
    ["nemotron_h.ssm.inner_size", 10_241],
    ["nemotron_h.ssm.group_count", -8],
    ["tokenizer.ggml.eot_token_id", 0.5],
  ])("a file whose %s is %.40s, by that name", (key, value) => {
    expect(() => configOfGguf(contents({ [key]: value }))).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        field: key,
        message: expect.stringContaining("GGUF"),
      }),
    );
  });
});
