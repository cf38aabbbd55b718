// Kept for as long as the process: when one is collected, the next call on a device ends the process.
const kept = new Map<boolean, GPU>();

/**
 * An adapter whose timestamps are not rounded. Each makes one device, so that every user asks for its own.
 *
 * @param experimental - whether it may have features that are no standard yet.
 * @throws {Error} where the package `webgpu` is not installed, or finds no adapter.
 */
export async function requestAdapter(experimental = false): Promise<GPUAdapter> {
  let gpu = kept.get(experimental);
  if (gpu === undefined) {
    const { create } = await import("webgpu");
    const allowed = experimental
      ? ["enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia"]
      : [];
    gpu = create(["disable-dawn-features=timestamp_quantization", ...allowed]);
    kept.set(experimental, gpu);
  }
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw new Error("There is no WebGPU adapter: it needs a graphics driver.");
  return adapter;
}

/** Whether a processor does the work of a GPU. What is measured is then made small. */
export function isSoftware({ info }: GPUAdapter): boolean {
  return info.isFallbackAdapter || /swiftshader|llvmpipe/i.test(`${info.device} ${info.description}`);
}
