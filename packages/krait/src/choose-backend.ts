import type { Backend } from "@krait/tensor";
import { ModelError } from "./errors.ts";

/** Backends by name; "auto" is the first. Each is imported only when it is chosen. */
const backends: Readonly<Record<string, () => Promise<Backend>>> = {
  cpu: async () => (await import("@krait/backend-cpu")).createCpuBackend(),
  wasm: async () => (await import("@krait/backend-wasm")).createWasmBackend(),
};

/** The names that `backend` may be, besides "auto". */
export const backendNames: readonly string[] = Object.keys(backends);

/**
 * A backend by name, or "auto".
 *
 * @throws {ModelError} `BACKEND_UNAVAILABLE`, with the names there are.
 */
export async function chooseBackend(name: string): Promise<Backend> {
  const chosen = name === "auto" ? backendNames[0]! : name;
  if (!Object.hasOwn(backends, chosen)) {
    throw new ModelError(
      "BACKEND_UNAVAILABLE",
      `There is no backend "${name}". Choose one of auto, ${backendNames.join(", ")}.`,
      { name, available: backendNames },
    );
  }
  return backends[chosen]!();
}
