/** What kernels make use of where a device has it. None of it is needed. */
export interface KernelFeatures {
  /** Sums over the lanes of a subgroup, which also tells which one it is. */
  readonly subgroups: boolean;
}

/** Device features that are asked for where an adapter has them. */
export const wantedFeatures: readonly GPUFeatureName[] = ["timestamp-query", "subgroups"];

/** @param language - the extensions of WGSL that compile. */
export function kernelFeatures(device: GPUDevice, language: ReadonlySet<string>): KernelFeatures {
  return { subgroups: device.features.has("subgroups") && language.has("subgroup_id") };
}

/** What kernels are chosen by. */
export interface KernelTraits {
  readonly features: KernelFeatures;
  /** Invocations that share a product's columns, where there are few rows. */
  readonly productLanes: number;
  /** Where there are many, the rows that a workgroup takes, and those of each of its lanes. */
  readonly productTile: { readonly rows: number; readonly laneRows: number };
}

/** A workgroup is some warps of a graphics card. */
const hardware = { productLanes: 64, productTile: { rows: 32, laneRows: 8 } } as const;

/**
 * A workgroup is a vector or two of a processor, whose lanes read the same rows: on lavapipe that makes a
 * load of each of them one load, and products more than twice as fast.
 */
const software = { productLanes: 8, productTile: { rows: 16, laneRows: 16 } } as const;

export function kernelTraits(isSoftware: boolean, features: KernelFeatures): KernelTraits {
  return { features, ...(isSoftware ? software : hardware) };
}
