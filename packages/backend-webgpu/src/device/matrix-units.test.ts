import { expect, test } from "vitest";
import { matrixFeature, matrixUnits } from "./matrix-units.ts";

interface Pretended {
  readonly features?: readonly string[];
  readonly subgroupMaxSize?: number;
  readonly storageBytes?: number;
  readonly halves?: boolean;
  readonly isSoftware?: boolean;
}

/** `"f16 f32 16 8 8"` is a configuration of f16 with sums in f32 whose M, N and K are 16, 8 and 8. */
function unitsOf(configs: readonly string[], pretended: Pretended = {}) {
  const {
    features = [matrixFeature],
    subgroupMaxSize = 32,
    storageBytes = 16_384,
    halves = true,
  } = pretended;
  const device = {
    features: new Set(features),
    limits: { maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupStorageSize: storageBytes },
  };
  const subgroupMatrixConfigs = configs.map((config) => {
    const [componentType, resultComponentType, ...sizes] = config.split(" ");
    const [M, N, K] = sizes.map(Number);
    return { componentType, resultComponentType, M, N, K };
  });
  const info = { subgroupMaxSize, subgroupMatrixConfigs };
  const found = matrixUnits(
    device as unknown as GPUDevice,
    info as unknown as GPUAdapterInfo,
    { subgroups: true, halves },
    pretended.isSoftware ?? false,
  );
  return found && [found.component, found.rows, found.outputs, found.columns].join(" ");
}

test.each([
  [
    "an NVIDIA card",
    ["f16 f16 16 16 16", "f16 f32 16 8 8", "f16 f32 16 16 16", "i8 i32 16 16 32"],
    "f16 16 16 16",
  ],
  ["an Intel card", ["f16 f32 8 16 16"], "f16 8 16 16"],
  ["an Apple card", ["f32 f32 8 8 8", "f16 f16 8 8 8"], "f32 8 8 8"],
  ["Mesa's software driver", ["f16 f16 8 8 8", "f16 f32 8 8 8", "u8 u32 8 8 8"], "f16 8 8 8"],
])("of %s the largest that sum in f32 are taken, f16 before f32", (_, configs, expected) => {
  expect(unitsOf(configs)).toBe(expected);
});

test("there are none where nothing sums in f32, or a block is no multiple of a matrix", () => {
  expect(unitsOf(["f16 f16 8 8 8", "i8 i32 16 16 32"])).toBeUndefined();
  expect(unitsOf(["f16 f32 24 16 16", "f16 f32 64 16 16"])).toBeUndefined();
  expect(unitsOf([])).toBeUndefined();
});

test("there are none without the feature, with subgroups too large, or with too little workgroup memory", () => {
  const config = ["f16 f32 16 16 16"];
  expect(unitsOf(config, { features: [] })).toBeUndefined();
  expect(unitsOf(config, { subgroupMaxSize: 64 })).toBe("f16 16 16 16");
  expect(unitsOf(config, { subgroupMaxSize: 128 })).toBeUndefined();
  expect(unitsOf(config, { storageBytes: 14_335 })).toBeUndefined();
  expect(unitsOf(config, { storageBytes: 14_336 })).toBe("f16 16 16 16");
});

test("f16 is not taken on a device without shader-f16", () => {
  const configs = ["f16 f32 16 16 16", "f32 f32 8 8 8"];
  expect(unitsOf(configs)).toBe("f16 16 16 16");
  expect(unitsOf(configs, { halves: false })).toBe("f32 8 8 8");
});
