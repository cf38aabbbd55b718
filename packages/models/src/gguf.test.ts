import { createCpuBackend } from "@krait/backend-cpu";
import { dequantize } from "@krait/tensor";
import { openFixture, RowRunner, randomModel, toGguf } from "@krait/testing";
import { encodeSafetensors, openWeights, type TensorToWrite, type WeightFile } from "@krait/weights";
import { expect, test } from "vitest";
import { type Architecture, architectureOf, type ModelConfig } from "./architecture.ts";
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
    expect(await logitsOfGguf(await toGguf(config, weights), tokens)).toEqual(expected);
    expect(await logitsOfGguf(await toGguf(config, weights, { matrices: "F32" }), tokens)).toEqual(expected);
  },
);

test.each([1, 2, 3, 4, 5, 6])(
  "so does random model %i, whatever its sizes and optional parts",
  async (seed) => {
    const { config, weights } = await randomModel(seed);
    const tokens = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9];
    const expected = await logitsOf(architectureOf(config), weights, tokens);
    expect(await logitsOfGguf(await toGguf(config, weights), tokens)).toEqual(expected);
  },
);

test("a quantized file gives what its values give when they are stored in f32", async () => {
  const { model, golden } = await openFixture("tiny-a");
  const config = (await model.json("config.json")) as ModelConfig;
  const quantized = await openGguf(await toGguf(config, await model.weights(), { matrices: "Q8_0" }));
  const formats = [...quantized.tensors.values()].map(({ spec }) => spec!.format);
  expect(new Set(formats)).toEqual(new Set(["f32", "q8_0"]));

  const tensors: TensorToWrite[] = [];
  for (const [name, { shape, spec }] of quantized.tensors) {
    const data = dequantize(spec!.format, await quantized.bytes(name));
    tensors.push({ name, dtype: "F32", shape, data });
  }
  const widened = new Map([["model.safetensors", await blobOf(encodeSafetensors(tensors))]]);
  const architecture = architectureOf(configOfGguf(quantized), "gguf");
  const tokens = golden.integers("p7.ids");
  const logits = await logitsOf(architecture, quantized, tokens);
  expect(logits).toEqual(await logitsOf(architecture, await openWeights(widened), tokens));
  expect(logits).not.toEqual(await logitsOf(architectureOf(config), await model.weights(), tokens));
});

async function blobOf(pieces: AsyncIterable<Uint8Array>): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of pieces) parts.push(new Uint8Array(piece));
  return new Blob(parts);
}
