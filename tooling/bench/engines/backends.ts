import type { Backend } from "@krait/tensor";

/** The backends for processors, the fastest first. Each is imported only when it is made. */
const backends: Readonly<Record<string, (threads: number) => Promise<Backend>>> = {
  native: async (threads) => (await import("@krait/backend-native")).createNativeBackend({ threads }),
  wasm: async (threads) => (await import("@krait/backend-wasm")).createWasmBackend({ threads }),
  cpu: async () => (await import("@krait/backend-cpu")).createCpuBackend(),
};

/** Those that compute with one thread whatever they are asked for. */
const singleThreaded: ReadonlySet<string> = new Set(["cpu"]);

export const backendNames: readonly string[] = Object.keys(backends);

/** @throws what the backend throws where it cannot run. */
export async function createBackend(name: string, threads: number): Promise<Backend> {
  if (!Object.hasOwn(backends, name)) {
    throw new Error(`There is no backend "${name}". Choose one of ${backendNames.join(", ")}.`);
  }
  return backends[name]!(threads);
}

export function supportsThreads(name: string, threads: number): boolean {
  return threads === 1 || !singleThreaded.has(name);
}
