import { KraitError } from "@krait/tensor";
import { mayHaveGraphicsDriver } from "./vulkan-drivers.ts";

/** There is no WebGPU here, or no adapter that it could use. */
export class WebGpuUnavailableError extends KraitError {
  constructor(reason: string, options?: { cause?: unknown }) {
    super("WEBGPU_UNAVAILABLE", `WebGPU cannot be used here: ${reason}.`, options);
  }
}

/** Dawn's entry in Node. When it is collected, the next call on a device ends the process, so it is kept. */
let dawn: GPU | undefined;

const dawnPackage = "webgpu";

/**
 * The adapter that is used unless one is given: the faster one where there are several.
 *
 * @param software - whether it may be one that computes on the processor; yes unless given.
 * @throws {WebGpuUnavailableError} saying what is missing.
 */
export async function findAdapter(software = true): Promise<GPUAdapter> {
  const missing = "there is no adapter; it needs a graphics driver with Vulkan, Metal or Direct3D 12";
  if (!software && globalThis.navigator?.gpu === undefined && !mayHaveGraphicsDriver()) {
    throw new WebGpuUnavailableError(missing);
  }
  const adapter = await (await findGpu()).requestAdapter({ powerPreference: "high-performance" });
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
async function findGpu(): Promise<GPU> {
  const own = globalThis.navigator?.gpu;
  if (own !== undefined) return own;
  if (dawn !== undefined) return dawn;
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
  dawn = create([]);
  return dawn;
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
