import type { Capabilities } from "../capabilities/capabilities.ts";
import type { Settings } from "../settings/settings.ts";
import type { ModelSource } from "./model-source.ts";

/** Where a model may run. */
export interface Place {
  /** The name of a backend, or "auto". */
  readonly backend: string;
  /** In a worker of all tabs, of which those that want the same model have it once. */
  readonly shared: boolean;
}

type Choice = Pick<Settings, "backend" | "sharing"> & { readonly capabilities: Capabilities };

/**
 * The places to try, in order. "auto" is krait's own choice, which takes a GPU first; what stands behind it is
 * for what shows only while a model loads, such as a driver that gives up.
 */
export function placesToTry(source: ModelSource, choice: Choice): readonly Place[] {
  const { backend, capabilities } = choice;
  const fallbacks = capabilities.wasmSimd ? ["wasm", "cpu"] : ["cpu"];
  const own = [backend, ...fallbacks.filter((name) => name !== backend)];
  const places = own.map((name) => ({ backend: name, shared: false }));
  if (!isShared(source, choice)) return places;
  // Left to itself a shared worker without WebGPU would take WebAssembly, and this tab has something better.
  const first = backend === "auto" && capabilities.webgpu === "hardware" ? "webgpu" : backend;
  return [{ backend: first, shared: true }, ...places];
}

/** Files at hand have no name by which two tabs could tell that they want the same model. */
function isShared({ kind }: ModelSource, { backend, sharing, capabilities }: Choice): boolean {
  if (kind === "files" || !capabilities.sharedWorkers) return false;
  if (sharing !== "with a GPU") return sharing === "always";
  return capabilities.webgpu === "hardware" && (backend === "auto" || backend === "webgpu");
}
