import { KraitError } from "@krait/tensor";
import { mayHaveGraphicsDriver } from "./vulkan-drivers.ts";

/** There is no WebGPU here, or no adapter that it could use. */
export class WebGpuUnavailableError extends KraitError {
  constructor(reason: string, options?: { cause?: unknown }) {
    super("WEBGPU_UNAVAILABLE", `WebGPU cannot be used here: ${reason}.`, options);
  }
}

/**
 * Dawn's entries in Node, without and with what is experimental. When one is collected, the next call on a device
 * ends the process, so they are kept.
 */
const dawn = new Map<boolean, GPU>();

/** Of Dawn in Node: features that are no standard yet, and f16 on NVIDIA's cards, where not all its tests pass. */
const experimentalFlags = ["enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia"];

const dawnPackage = "webgpu";

/**
 * The adapter that is used unless one is given: the faster one where there are several.
 *
 * @param software - whether it may be one that computes on the processor; yes unless given.
 * @param experimental - whether it may have features that are no standard yet, in Node; no unless given.
 * @throws {WebGpuUnavailableError} saying what is missing.
 */
export async function findAdapter(software = true, experimental = false): Promise<GPUAdapter> {
  const missing = "there is no adapter; it needs a graphics driver with Vulkan, Metal or Direct3D 12";
  if (!software && globalThis.navigator?.gpu === undefined && !mayHaveGraphicsDriver()) {
    throw new WebGpuUnavailableError(missing);
  }
  const adapter = await (await findGpu(experimental)).requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw new WebGpuUnavailableError(missing);
  if (software || !isSoftware(adapter)) return adapter;
  throw new WebGpuUnavailableError("its adapter computes on the processor");
}

/** The extensions of WGSL that compile here. */
export async function languageFeatures(): Promise<ReadonlySet<string>> {
  const gpu = await findGpu().catch(() => undefined); // an adapter may have come from elsewhere
  return gpu?.wgslLanguageFeatures ?? new Set();
}

/** The page's or worker's own, else that of the package `webgpu`. */
async function findGpu(experimental = false): Promise<GPU> {
  const own = globalThis.navigator?.gpu;
  if (own !== undefined) return own;
  const kept = dawn.get(experimental);
  if (kept !== undefined) return kept;
  let create: (options: string[]) => GPU;
  try {
    // By a variable, so that bundlers for browsers, where it is not needed, do not look for the package.
    ({ create } = (await import(/* @vite-ignore */ dawnPackage)) as typeof import("webgpu"));
  } catch (cause) {
    throw new WebGpuUnavailableError(
      'this browser does not have it, or, in Node, the package "webgpu" is missing (npm install webgpu)',
      { cause },
    );
  }
  const created = create(experimental ? experimentalFlags : []);
  dawn.set(experimental, created);
  return created;
}

/** Whether the adapter computes on the processor: right, and slow. */
export function isSoftware({ info }: GPUAdapter): boolean {
  return (
    info.isFallbackAdapter || /swiftshader|llvmpipe|basic render/i.test(`${info.device} ${info.description}`)
  );
}

/** Maker, family and model, as far as the adapter tells them. */
export function describeAdapter({ info }: GPUAdapter): string {
  const parts = [info.vendor, info.architecture, info.device, info.description].filter(Boolean);
  return parts.join(", ") || "unknown";
}
