import { createCpuBackend } from "@krait/backend-cpu";
import { byteLength, elementCount, type Format, formatLayouts } from "@krait/tensor";
import { openFixture, RowRunner, readConfig, wrapBackend } from "@krait/testing";
import { openWeights, type WeightFile } from "@krait/weights";
import { describe, expect, test } from "vitest";
import { ggufOf } from "../test-support/gguf.ts";
import { architectureOf, type ModelConfig } from "./architecture.ts";
import type { QuantizedTensor } from "./convert-weight.ts";
import { configOfGguf } from "./gguf-config.ts";
import { type LoadOptions, loadModel } from "./load-model.ts";
import { type MatrixFormat, matrixFormats, quantizedFormat } from "./quantized-format.ts";

const nano = architectureOf(readConfig("NVIDIA-Nemotron-Nano-9B-v2"));

describe("the 9B, whose rows of 4480 and 15680 values are not blocks of 256, and whose rows of 10240 and 5120 are", () => {
  const formatsOf = (wanted: MatrixFormat): Record<string, Format> => {
    const named = [
      "embeddings",
      "head",
      "layers.0.outProjection",
      "layers.1.down",
      "layers.1.norm",
      "layers.14.output",
    ];
    const entries = nano.weights.filter(({ name }) => named.includes(name));
    return Object.fromEntries(
      entries.map((entry) => [entry.name.split(".").at(-1)!, quantizedFormat(nano, entry, "bf16", wanted)]),
    );
  };

  // As llama.cpp's llama-quantize chooses them for a file all in one type.
  test.each<[MatrixFormat, Record<string, Format>]>([
    ["q8_0", { embeddings: "q8_0", head: "q8_0", outProjection: "q8_0", down: "q8_0", output: "q8_0" }],
    ["q4_0", { embeddings: "q4_0", head: "q8_0", outProjection: "q4_0", down: "q4_0", output: "q4_0" }],
    ["q4_k", { embeddings: "q5_0", head: "q8_0", outProjection: "q4_k", down: "q5_0", output: "q4_k" }],
    ["q5_k", { embeddings: "q5_1", head: "q8_0", outProjection: "q5_k", down: "q5_1", output: "q5_k" }],
    ["q6_k", { embeddings: "q8_0", head: "q8_0", outProjection: "q6_k", down: "q8_0", output: "q6_k" }],
    ["q2_k", { embeddings: "iq4_nl", head: "q8_0", outProjection: "q2_k", down: "iq4_nl", output: "q2_k" }],
    ["f16", { embeddings: "f16", head: "f16", outProjection: "f16", down: "f16", output: "f16" }],
  ])("in %s", (wanted, expected) => {
    expect(formatsOf(wanted)).toEqual({ ...expected, norm: "bf16" });
  });
});

test("a head with rows of blocks of 256 is q6_k, and so is an embedding table that serves as one", () => {
  const shape = [64, 512];
  const matrix = (name: string) => ({
    name,
    checkpointName: name,
    shape,
    checkpointShape: shape,
    kind: "matrix" as const,
  });
  const [embeddings, head] = [matrix("embeddings"), matrix("head")];
  expect(quantizedFormat({ weights: [embeddings, head] }, head, "bf16", "q4_0")).toBe("q6_k");
  expect(quantizedFormat({ weights: [embeddings, head] }, embeddings, "bf16", "q4_0")).toBe("q4_0");
  expect(quantizedFormat({ weights: [embeddings] }, embeddings, "bf16", "q4_0")).toBe("q6_k");
  expect(quantizedFormat({ weights: [embeddings] }, embeddings, "bf16", "q8_0")).toBe("q8_0");
});

test("rows that are no whole blocks stay as they are", () => {
  const shape = [64, 40];
  const entry = { name: "x", checkpointName: "x", shape, checkpointShape: shape, kind: "matrix" as const };
  expect(quantizedFormat({ weights: [entry] }, entry, "bf16", "q4_0")).toBe("bf16");
  expect(quantizedFormat({ weights: [entry] }, entry, "f16", "q4_k")).toBe("f16");
});

const { model: folder, golden } = await openFixture("tiny-a");
const config = (await folder.json("config.json")) as ModelConfig;
const weights = await folder.weights();
const tokens = golden.integers("p7.ids");

async function load(source: WeightFile, options: LoadOptions) {
  const architecture =
    source.format === "gguf" ? architectureOf(configOfGguf(source), "gguf") : architectureOf(config);
  const rows = tokens.length;
  const backend = await createCpuBackend();
  const sizes = { maxContext: 96, maxSequences: 1, maxKvTokens: 96, chunkRows: rows, maxOutputRows: rows };
  const model = await loadModel(architecture, source, backend, { ...sizes, ...options });
  return { model, backend };
}

async function logits(source: WeightFile, options: LoadOptions = {}): Promise<Float32Array> {
  const { model, backend } = await load(source, options);
  using _ = model;
  const runner = new RowRunner(model, backend);
  const [rows] = await runner.run([{ slot: 0, tokens }]);
  runner.dispose();
  return rows!;
}

describe("a model quantized while it loads", () => {
  test.each(matrixFormats)("computes in %s what the GGUF file of that format computes", async (quantize) => {
    const file = await openWeights(new File([await ggufOf(config, weights, { quantize })], "m.gguf"));
    const computed = await logits(weights, { quantize });
    expect(computed).toEqual(await logits(file));
    if (formatLayouts[quantize].valuesPerBlock > 1) expect(computed).not.toEqual(await logits(weights));
  });

  test("tells the error of every matrix, less in more bits", async () => {
    const errors = async (quantize: MatrixFormat): Promise<Map<string, QuantizedTensor>> => {
      const told = new Map<string, QuantizedTensor>();
      const { model } = await load(weights, { quantize, onQuantized: (one) => told.set(one.tensor, one) });
      model[Symbol.dispose]();
      return told;
    };
    const [q4, q8] = [await errors("q4_0"), await errors("q8_0")];
    const matrices = architectureOf(config).weights.filter(({ kind }) => kind === "matrix");
    expect([...q4.keys()]).toEqual(matrices.map(({ checkpointName }) => checkpointName));
    for (const [tensor, { format, relativeError }] of q4) {
      if (format !== "q4_0") continue;
      expect(relativeError).toBeGreaterThan(0.03);
      expect(relativeError).toBeLessThan(0.12);
      expect(q8.get(tensor)!.relativeError).toBeLessThan(relativeError / 8);
    }
  });

  test("is planned with the sizes of its formats before a byte is read", async () => {
    const cpu = await createCpuBackend();
    const architecture = architectureOf(config);
    const needed = async (quantize?: MatrixFormat): Promise<number> => {
      const backend = wrapBackend(cpu, {
        weightFormats: ["q8_0", "f32"],
        weightBytes: byteLength,
        limits: { memoryBytes: 1000, maxBufferBytes: 1000 },
      });
      const error = await loadModel(architecture, weights, backend, { quantize }).catch((error) => error);
      expect(error.code).toBe("MEMORY_INSUFFICIENT");
      return error.neededBytes;
    };
    const matrices = architecture.weights.filter(({ kind }) => kind === "matrix");
    const values = matrices.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    expect((await needed()) - (await needed("q8_0"))).toBe(values * (4 - 34 / 32));
  });

  test("is refused when the format is unknown, or the checkpoint quantized already", async () => {
    await expect(load(weights, { quantize: "q9" as MatrixFormat })).rejects.toMatchObject({
      code: "QUANTIZE_FORMAT_UNKNOWN",
      message: expect.stringContaining("q4_0"),
    });
    const bytes = await ggufOf(config, weights, { quantize: "q8_0" });
    const file = await openWeights(new File([bytes], "m.gguf"));
    await expect(load(file, { quantize: "q4_0" })).rejects.toMatchObject({
      code: "CHECKPOINT_QUANTIZED",
      tensor: "token_embd.weight",
      message: expect.stringMatching(/to q8_0.*to q4_0/),
    });
  });
});
