// Kept for as long as the process: when it is collected, the next call on a device ends the process.
let gpu: GPU | undefined;

/**
 * An adapter whose timestamps are not rounded. Each makes one device, so that every user asks for its own.
 *
 * @throws {Error} where the package `webgpu` is not installed, or finds no adapter.
 */
export async function requestAdapter(): Promise<GPUAdapter> {
  if (gpu === undefined) {
    const { create } = await import("webgpu");
    gpu = create(["disable-dawn-features=timestamp_quantization"]);
  }
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw new Error("There is no WebGPU adapter: it needs a graphics driver.");
  return adapter;
}

/** Whether a processor does the work of a GPU. What is measured is then made small. */
export function isSoftware({ info }: GPUAdapter): boolean {
  return info.isFallbackAdapter || /swiftshader|llvmpipe/i.test(`${info.device} ${info.description}`);
}
