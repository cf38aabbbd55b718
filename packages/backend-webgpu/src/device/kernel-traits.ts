import type { Format } from "@krait/tensor";
import type { ProductVariant, RowClass } from "../products/product-variant.ts";
import { type MatrixUnits, matrixFeature, matrixUnits } from "./matrix-units.ts";

/** What kernels make use of where a device has it. None of it is needed. */
export interface KernelFeatures {
  /** Sums over the lanes of a subgroup, which also tells which one it is. */
  readonly subgroups: boolean;
  /** The lanes of a subgroup, where all have as many. */
  readonly subgroupLanes?: number;
  /** Dot products of bytes, four in a word. */
  readonly byteDots: boolean;
  /** Arithmetic in f16. */
  readonly halves: boolean;
  /** Products of small matrices, where the adapter has them and they fit the kernel. */
  readonly matrices?: MatrixUnits;
}

/** Device features that are asked for where an adapter has them. */
export const wantedFeatures: readonly GPUFeatureName[] = [
  "timestamp-query",
  "subgroups",
  "shader-f16",
  matrixFeature,
];

/** @param language - the extensions of WGSL that compile. */
export function kernelFeatures(
  device: GPUDevice,
  adapterInfo: GPUAdapterInfo,
  language: ReadonlySet<string>,
  isSoftware: boolean,
): KernelFeatures {
  const subgroups = device.features.has("subgroups") && language.has("subgroup_id");
  const { subgroupMinSize, subgroupMaxSize } = device.adapterInfo;
  const isOneSize = subgroups && subgroupMinSize !== undefined && subgroupMinSize === subgroupMaxSize;
  const halves = device.features.has("shader-f16");
  const matrices = matrixUnits(device, adapterInfo, { subgroups, halves }, isSoftware);
  return {
    subgroups,
    ...(isOneSize && { subgroupLanes: subgroupMinSize }),
    byteDots: language.has("packed_4x8_integer_dot_product"),
    halves,
    ...(matrices && { matrices }),
  };
}

/** The rows that a workgroup takes, and those of each of its lanes. */
interface Tile {
  readonly rows: number;
  readonly laneRows: number;
}

/** What kernels are chosen by. */
export interface KernelTraits {
  /** Whether a processor computes. */
  readonly software: boolean;
  readonly features: KernelFeatures;
  /** Invocations that share a product's columns, where there are few rows. */
  readonly productLanes: number;
  /** Lanes of a subgroup that is a vector of a processor: products by shuffles, linear-subgroups.wgsl. */
  readonly vectorLanes?: number;
  /** Where there are many rows. */
  readonly productTile: Tile;
  /** The same of products in bytes and in f16. */
  readonly narrowTile: Tile;
  /** What a product with a weight of a format computes in. */
  readonly variantOf: (format: Format, rows: RowClass) => ProductVariant;
}

/** A workgroup is some warps of a graphics card. */
const hardware = {
  productLanes: 64,
  productTile: { rows: 32, laneRows: 8 },
  narrowTile: { rows: 32, laneRows: 8 },
} as const;

/** A workgroup is a vector or two of a processor, whose lanes read the same rows. */
const software = {
  productLanes: 8,
  productTile: { rows: 16, laneRows: 16 },
  narrowTile: { rows: 16, laneRows: 4 },
} as const;

/** Products compute in f32, unless another choice takes its place. */
export function kernelTraits(isSoftware: boolean, features: KernelFeatures): KernelTraits {
  const lanes = features.subgroupLanes;
  return {
    software: isSoftware,
    features,
    ...(isSoftware ? software : hardware),
    ...(isSoftware && lanes && { vectorLanes: lanes, productLanes: lanes }),
    variantOf: () => "f32",
  };
}
