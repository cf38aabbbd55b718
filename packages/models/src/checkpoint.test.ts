import { openFixture, randomModel } from "@krait/testing";
import type { StoredTensor } from "@krait/weights";
import { describe, expect, test } from "vitest";
import { architectureOf, type ModelConfig } from "./architecture.ts";
import { checkCheckpoint } from "./checkpoint.ts";
import { CheckpointError } from "./errors.ts";

const { model: folder } = await openFixture("tiny-a");
const architecture = architectureOf((await folder.json("config.json")) as ModelConfig);
const file = await folder.weights();
const conv = "backbone.layers.0.mixer.conv1d.weight";

/** tiny-a's tensors with some changed, added, or, where undefined, missing. */
function tensorsWith(changes: Record<string, Partial<StoredTensor> | undefined>): Map<string, StoredTensor> {
  const tensors = new Map(file.tensors);
  for (const [name, change] of Object.entries(changes)) {
    if (change === undefined) tensors.delete(name);
    else tensors.set(name, { ...(tensors.get(name) ?? tensors.get(conv)!), ...change });
  }
  return tensors;
}

function errorWith(changes: Record<string, Partial<StoredTensor> | undefined>): unknown {
  try {
    checkCheckpoint(architecture, { tensors: tensorsWith(changes) }, ["f32", "bf16"]);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("a checkpoint", () => {
  test("keeps the stored format of matrices where the backend multiplies by it", () => {
    const { inProjection, head, norm } = formatsFor(["f32", "bf16"]);
    expect({ inProjection, head, norm }).toEqual({ inProjection: "bf16", head: "bf16", norm: "f32" });
  });

  test("becomes f32 where the backend does not", () => {
    const { inProjection, head, norm } = formatsFor(["f32", "f16"]);
    expect({ inProjection, head, norm }).toEqual({ inProjection: "f32", head: "f32", norm: "f32" });
  });

  test("of any sizes and optional parts holds what its config calls for", async () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const { config, weights } = await randomModel(seed);
      const formats = checkCheckpoint(architectureOf(config), weights, ["f32"]);
      expect(Object.keys(formats).length).toBe(weights.tensors.size);
    }
  });

  test("may hold layers for multi-token prediction, which are left alone", () => {
    expect(errorWith({ "mtp.layers.0.norm.weight": {} })).toBeUndefined();
  });

  test("without one of its tensors is refused, naming it", () => {
    const error = errorWith({ [conv]: undefined });
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error).toMatchObject({ code: "CHECKPOINT_TENSOR_MISSING", tensor: conv });
    expect((error as Error).message).toContain(`"${conv}"`);
  });

  test("with a tensor of another shape is refused, with both shapes and the file", () => {
    const error = errorWith({ [conv]: { shape: [256, 1, 3] } });
    expect(error).toMatchObject({
      code: "CHECKPOINT_SHAPE",
      tensor: conv,
      expected: [256, 1, 4],
      actual: [256, 1, 3],
    });
    const { message } = error as Error;
    for (const part of [conv, "[256, 1, 4]", "[256, 1, 3]", "model-00001-of-00005.safetensors"]) {
      expect(message).toContain(part);
    }
  });

  test.each([
    ["F8_E4M3", undefined],
    ["I64", undefined],
    ["I32", { shape: [256, 1, 4], format: "i32" } as const],
  ])("with weights in %s is refused, naming the dtype", (dtype, spec) => {
    const error = errorWith({ [conv]: { dtype, spec } });
    expect(error).toMatchObject({ code: "CHECKPOINT_DTYPE", tensor: conv, actual: dtype });
    expect((error as Error).message).toContain(dtype);
  });

  test("with tensors that nobody would read is refused, naming the first ones", () => {
    const scales = Array.from({ length: 7 }, (_, layer) => `backbone.layers.${layer}.mixer.scale`);
    const error = errorWith(Object.fromEntries(scales.map((name) => [name, {}])));
    expect(error).toMatchObject({
      code: "CHECKPOINT_TENSOR_UNEXPECTED",
      tensor: scales[0],
      actual: scales,
    });
    const { message } = error as Error;
    expect(message).toContain("7 tensors");
    expect(message).toContain(`"${scales[4]}", …`);
    expect(message).not.toContain(scales[5]);
  });
});

function formatsFor(weightFormats: Parameters<typeof checkCheckpoint>[2]) {
  const formats = checkCheckpoint(architecture, file, weightFormats);
  return {
    inProjection: formats["layers.0.inProjection"]?.device,
    head: formats.head?.device,
    norm: formats["layers.0.norm"]?.device,
  };
}
