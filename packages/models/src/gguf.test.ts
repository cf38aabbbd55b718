import { createCpuBackend } from "@krait/backend-cpu";
import { dequantize } from "@krait/tensor";
import { openFixture, RowRunner, randomModel } from "@krait/testing";
import { encodeSafetensors, openWeights, type TensorToWrite, type WeightFile } from "@krait/weights";
import { expect, test } from "vitest";
import { bytesOf, ggufOf } from "../test-support/gguf.ts";
import { type Architecture, architectureOf, type ModelConfig } from "./architecture.ts";
import { convertCheckpoint } from "./convert-checkpoint.ts";
import { configOfGguf } from "./gguf-config.ts";
import { loadModel } from "./load-model.ts";

/** The logits after each token, on the reference backend. */
async function logitsOf(
  architecture: Architecture,
  file: WeightFile,
  tokens: readonly number[],
): Promise<Float32Array> {
  const rows = tokens.length;
  const sizes = { maxContext: 96, maxSequences: 1, maxKvTokens: 96, chunkRows: rows, maxOutputRows: rows };
  await using backend = await createCpuBackend();
  using model = await loadModel(architecture, file, backend, sizes);
  const runner = new RowRunner(model, backend);
  const [logits] = await runner.run([{ slot: 0, tokens }]);
  runner.dispose();
  return logits!;
}

const openGguf = (bytes: Uint8Array<ArrayBuffer>): Promise<WeightFile> =>
  openWeights(new File([bytes], "m.gguf"));

async function logitsOfGguf(
  bytes: Uint8Array<ArrayBuffer>,
  tokens: readonly number[],
): Promise<Float32Array> {
  const file = await openGguf(bytes);
  return await logitsOf(architectureOf(configOfGguf(file), "gguf"), file, tokens);
}

test.each(["tiny-a", "tiny-b"] as const)(
  "%s gives the same logits from GGUF as from safetensors, bit for bit",
  async (name) => {
    const { model, golden } = await openFixture(name);
    const config = (await model.json("config.json")) as ModelConfig;
    const weights = await model.weights();
    const tokens = golden.integers("p64.ids").slice(0, 20);
    const expected = await logitsOf(architectureOf(config), weights, tokens);
    expect(await logitsOfGguf(await ggufOf(config, weights), tokens)).toEqual(expected);
    expect(await logitsOfGguf(await ggufOf(config, weights, { quantize: "f32" }), tokens)).toEqual(expected);
  },
);

test.each([1, 2, 3, 4, 5, 6])(
  "so does random model %i, whatever its sizes and optional parts",
  async (seed) => {
    const { config, weights } = await randomModel(seed);
    const tokens = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9];
    const expected = await logitsOf(architectureOf(config), weights, tokens);
    expect(await logitsOfGguf(await ggufOf(config, weights), tokens)).toEqual(expected);
  },
);

test("a quantized file gives what its values give when they are stored in f32", async () => {
  const { model, golden } = await openFixture("tiny-a");
  const config = (await model.json("config.json")) as ModelConfig;
  const quantized = await openGguf(await ggufOf(config, await model.weights(), { quantize: "q8_0" }));
  const formats = [...quantized.tensors.values()].map(({ spec }) => spec!.format);
  expect(new Set(formats)).toEqual(new Set(["f32", "q8_0"]));

  const tensors: TensorToWrite[] = [];
  for (const [name, { shape, spec }] of quantized.tensors) {
    const data = dequantize(spec!.format, await quantized.bytes(name));
    tensors.push({ name, dtype: "F32", shape, data });
  }
  const widened = new Map([["model.safetensors", new Blob([await bytesOf(encodeSafetensors(tensors))])]]);
  const architecture = architectureOf(configOfGguf(quantized), "gguf");
  const tokens = golden.integers("p7.ids");
  const logits = await logitsOf(architecture, quantized, tokens);
  expect(logits).toEqual(await logitsOf(architecture, await openWeights(widened), tokens));
  expect(logits).not.toEqual(await logitsOf(architectureOf(config), await model.weights(), tokens));
});

test.each(["tiny-a", "tiny-b"] as const)(
  "%s comes back from GGUF as the safetensors that it was",
  async (name) => {
    const { model } = await openFixture(name);
    const config = (await model.json("config.json")) as ModelConfig;
    const weights = await model.weights();
    const gguf = await openGguf(await ggufOf(config, weights));
    const back = convertCheckpoint(configOfGguf(gguf), gguf, { layout: "hugging-face" });
    expect(new Set(back.map(({ name }) => name))).toEqual(new Set(weights.tensors.keys()));
    for (const { name, shape, format, data } of back) {
      const { shape: expectedShape, spec } = weights.tensors.get(name)!;
      expect([name, shape]).toEqual([name, expectedShape]);
      const values = dequantize(format, await bytesOf(data));
      const expected = dequantize(spec!.format, await weights.bytes(name));
      // exp and its inverse: rounded twice.
      if (name.endsWith("A_log"))
        for (const [i, x] of values.entries()) expect(x).toBeCloseTo(expected[i]!, 6);
      else expect(values).toEqual(expected);
    }
  },
);

test("of a quantized GGUF file, safetensors hold the values in f32", async () => {
  const { model } = await openFixture("tiny-a");
  const config = (await model.json("config.json")) as ModelConfig;
  const gguf = await openGguf(await ggufOf(config, await model.weights(), { quantize: "q4_0" }));
  const tensors = convertCheckpoint(configOfGguf(gguf), gguf, { layout: "hugging-face" });
  const { format, data } = tensors.find(({ name }) => name === "backbone.embeddings.weight")!;
  expect(format).toBe("f32");
  const blocks = await gguf.bytes("token_embd.weight");
  expect(dequantize("f32", await bytesOf(data))).toEqual(dequantize("q4_0", blocks));
});

test("safetensors take no blocks", async () => {
  const { model } = await openFixture("tiny-a");
  const config = (await model.json("config.json")) as ModelConfig;
  const weights = await model.weights();
  expect(() => convertCheckpoint(config, weights, { layout: "hugging-face", quantize: "q4_0" })).toThrow(
    expect.objectContaining({ code: "QUANTIZE_LAYOUT" }),
  );
});
