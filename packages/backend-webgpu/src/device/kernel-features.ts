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
