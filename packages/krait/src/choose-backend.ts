import type { Backend } from "@krait/tensor";
import { ModelError } from "./errors.ts";

/** Backends by name. Each is imported only when it is chosen. */
const backends: Readonly<Record<string, () => Promise<Backend>>> = {
  native: async () => (await import("@krait/backend-native")).createNativeBackend(),
  wasm: async () => (await import("@krait/backend-wasm")).createWasmBackend(),
  cpu: async () => (await import("@krait/backend-cpu")).createCpuBackend(),
  webgpu: async () => (await import("@krait/backend-webgpu")).createWebGPUBackend(),
};

/** In the order in which "auto" tries them. A GPU is taken by name. */
const automatic = ["native", "wasm", "cpu"] as const;

/** The names that `backend` may be, besides "auto". */
export const backendNames: readonly string[] = Object.keys(backends);

export interface ChooseBackendOptions {
  /** Told which backend it is, and for "auto" why none that stands before it. */
  readonly onChoice?: ((reason: string) => void) | undefined;
}

/**
 * A backend by name, or with "auto" the first that there is here.
 *
 * @throws {ModelError} `BACKEND_UNAVAILABLE` for another name, with the names there are.
 * @throws what a backend that was named says where it cannot be had.
 */
export async function chooseBackend(name: string, { onChoice }: ChooseBackendOptions = {}): Promise<Backend> {
  if (name === "auto") return await firstAvailable(onChoice);
  if (!Object.hasOwn(backends, name)) {
    throw new ModelError(
      "BACKEND_UNAVAILABLE",
      `There is no backend "${name}". Choose one of auto, ${backendNames.join(", ")}.`,
      { name, available: backendNames },
    );
  }
  const backend = await backends[name]!();
  onChoice?.(`Backend "${name}", as asked for.`);
  return backend;
}

async function firstAvailable(onChoice: ChooseBackendOptions["onChoice"]): Promise<Backend> {
  const reasons: string[] = [];
  for (const name of automatic) {
    try {
      const backend = await backends[name]!();
      onChoice?.([`Backend "${name}".`, ...reasons].join(" "));
      return backend;
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new ModelError("BACKEND_UNAVAILABLE", `There is no backend here. ${reasons.join(" ")}`, {
    name: "auto",
    available: [],
  });
}
