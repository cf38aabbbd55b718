/** What this browser has of what Krait can use. */
export interface Capabilities {
  /** "software" is an adapter that computes on the processor: right, and slower than WebAssembly. */
  readonly webgpu: "hardware" | "software" | "missing";
  readonly wasmSimd: boolean;
  /** Whether threads may share memory. */
  readonly crossOriginIsolated: boolean;
  /** The origin private file system, where downloaded models are kept. */
  readonly privateFiles: boolean;
  /** Workers that all tabs of this page speak with. */
  readonly sharedWorkers: boolean;
  readonly offline: boolean;
}

/** Something that the browser lacks, and what follows from that. */
export interface Lack {
  readonly name: string;
  readonly consequence: string;
}

export async function detectCapabilities(scope: Window & typeof globalThis = window): Promise<Capabilities> {
  return {
    webgpu: await detectWebgpu(scope.navigator),
    wasmSimd: WebAssembly.validate(simdModule),
    crossOriginIsolated: scope.crossOriginIsolated,
    privateFiles: "getDirectory" in (scope.navigator.storage ?? {}),
    sharedWorkers: "SharedWorker" in scope,
    offline: "serviceWorker" in scope.navigator,
  };
}

async function detectWebgpu(navigator: Navigator): Promise<Capabilities["webgpu"]> {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  if (!adapter) return "missing";
  const isSoftware =
    adapter.info.isFallbackAdapter || /swiftshader|llvmpipe|basic render/i.test(describe(adapter));
  return isSoftware ? "software" : "hardware";
}

function describe({ info }: GPUAdapter): string {
  return `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
}

/** A function that makes a vector of 16 bytes: `(func (result v128) i32.const 0 i8x16.splat)`. */
const simdModule = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x08, 0x01, 0x06, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0x0b],
);

export function lacksOf(capabilities: Capabilities): readonly Lack[] {
  const lacks: Lack[] = [];
  if (capabilities.webgpu === "missing") {
    lacks.push({ name: "WebGPU", consequence: "models run on the processor, in WebAssembly" });
  }
  if (capabilities.webgpu === "software") {
    lacks.push({
      name: "A graphics processor",
      consequence: "WebGPU is here but computes on the processor, so WebAssembly is used instead",
    });
  }
  if (!capabilities.wasmSimd) {
    lacks.push({ name: "WebAssembly SIMD", consequence: "the slow reference backend is used" });
  }
  if (!capabilities.crossOriginIsolated) {
    lacks.push({
      name: "Cross-origin isolation",
      consequence: "WebAssembly runs on one thread; reloading the page once may bring it",
    });
  }
  if (!capabilities.privateFiles) {
    lacks.push({ name: "Private file storage", consequence: "downloaded models are not kept" });
  }
  if (!capabilities.sharedWorkers) {
    lacks.push({ name: "Shared workers", consequence: "each tab has a model of its own" });
  }
  if (!capabilities.offline) {
    lacks.push({ name: "Service workers", consequence: "this page does not open offline" });
  }
  return lacks;
}
