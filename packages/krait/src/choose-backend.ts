import type { Backend } from "@krait/tensor";
import { ModelError } from "./errors.ts";
import { type FirstBackendOptions, firstBackend } from "./first-backend.ts";

type CreateBackend = (options: FirstBackendOptions) => Promise<Backend>;

/** By a variable, so that nothing that bundles for a page looks for what runs in Node alone. */
const cudaPackage = "@krait/backend-cuda";

const cuda: CreateBackend = async () => {
  const { createCudaBackend } = await import(/* @vite-ignore */ cudaPackage).catch((cause: unknown) => {
    const isNode = node()?.versions?.node !== undefined;
    throw new ModelError(
      "BACKEND_UNAVAILABLE",
      isNode
        ? `Backend "cuda" needs the package ${cudaPackage}, which is not installed.`
        : 'Backend "cuda" is not there in browsers.',
      { name: "cuda" },
      { cause },
    );
  });
  return createCudaBackend();
};
const webgpu = async (software: boolean, { onChoice }: FirstBackendOptions) =>
  (await import("@krait/backend-webgpu")).createWebGPUBackend({ software, ...(onChoice && { onChoice }) });
const native: CreateBackend = async () => (await import("@krait/backend-native")).createNativeBackend();
const wasm: CreateBackend = async () => (await import("@krait/backend-wasm")).createWasmBackend();
const cpu = async (memoryBytes: number) =>
  (await import("@krait/backend-cpu")).createCpuBackend({ memoryBytes });

/** Backends by name. Each is imported only when it is chosen. */
const named: Readonly<Record<string, CreateBackend>> = {
  cuda,
  webgpu: (options) => webgpu(true, options),
  native,
  wasm,
  cpu: () => cpu(Number.POSITIVE_INFINITY),
};

/** As "auto" tries them, the fastest first. A driver that computes on the processor is no GPU to it. */
const automatic: Readonly<Record<string, CreateBackend>> = {
  cuda,
  webgpu: (options) => webgpu(false, options),
  native,
  wasm,
  cpu: () => cpu(machineMemory()),
};

/** What a page can never have, and "auto" there neither tries nor speaks of. */
const outsideOfPages: readonly string[] = ["cuda", "native"];

/** The names that `backend` may be, besides "auto". */
export const backendNames: readonly string[] = Object.keys(named);

/**
 * A backend by name, or with "auto" the first that is there and, where `admit` asks, has the memory: CUDA,
 * WebGPU on a graphics card, native, WebAssembly, the reference.
 *
 * @throws {ModelError} `BACKEND_UNAVAILABLE` for another name, with the names there are.
 * @throws what a backend that was named says where it cannot be had.
 * @throws {MemoryPlanError} of "auto", when `admit` refuses all.
 */
export async function chooseBackend(name: string, options: FirstBackendOptions = {}): Promise<Backend> {
  if (name === "auto") {
    const candidates = Object.entries(automatic)
      .filter(([each]) => !isPage() || !outsideOfPages.includes(each))
      .map(([each, create]) => ({ name: each, create: () => create(options) }));
    return await firstBackend(candidates, options);
  }
  if (!Object.hasOwn(named, name)) {
    throw new ModelError(
      "BACKEND_UNAVAILABLE",
      `There is no backend "${name}". Choose one of auto, ${backendNames.join(", ")}.`,
      { name, available: backendNames },
    );
  }
  const backend = await named[name]!(options);
  options.onChoice?.(`Backend "${name}", as asked for.`);
  return backend;
}

/** Whether this is a browser, in a page or a worker of one. */
function isPage(): boolean {
  return "WorkerNavigator" in globalThis || "Window" in globalThis;
}

/** Bytes that the machine has to spare, where that can be asked. */
function machineMemory(): number {
  return node()?.availableMemory?.() ?? Number.POSITIVE_INFINITY;
}

/** What Node says of itself, where this is Node. */
function node(): { readonly versions?: { readonly node?: string }; availableMemory?(): number } | undefined {
  return (globalThis as { readonly process?: ReturnType<typeof node> }).process;
}
