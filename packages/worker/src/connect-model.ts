import type { ModelLocation } from "@krait/weights";
import type { LoadModelOptions } from "krait";
import { Connection } from "./connection.ts";
import { splitOptions } from "./crossing.ts";
import { portOf, type WorkerLike } from "./port.ts";
import { createRemoteModel, type RemoteModel } from "./remote-model.ts";

/** The options of `krait`'s `loadModel` that can be sent: a backend by its name, and no `fetch` of one's own. */
export interface ConnectOptions extends Omit<LoadModelOptions, "backend" | "fetch"> {
  /** The name of a backend; "auto" unless given. */
  readonly backend?: string | undefined;
}

/**
 * Loads a model in a worker, where it computes without blocking the page.
 *
 * Pages that connect to one `SharedWorker` with the same location and options share one model; each has to
 * dispose of its own hold. Several models may live in one worker.
 *
 * @param worker - stays the caller's: dispose of the model, then terminate the worker.
 * @param location - as `loadModel` of `krait` takes it; URLs absolute. The embedded tiny model when absent.
 * @param options - functions named `on…` are called here, in order with everything else.
 * @throws {WorkerError} `WORKER_LOST` when its script cannot be loaded, `OPTION_NOT_CLONEABLE`; what
 *   `loadModel` throws, with `code` and fields; the signal's reason.
 */
export async function connectModel(
  worker: WorkerLike,
  location?: ModelLocation,
  options: ConnectOptions = {},
): Promise<RemoteModel> {
  const { signal } = options;
  signal?.throwIfAborted();
  const isKept = (typeof location === "string" || location instanceof URL) && options.cache !== false;
  if (isKept) keepStorage();
  const connection = await Connection.open(portOf(worker));
  try {
    const { plain, callbacks } = splitOptions(options);
    const place = location instanceof URL ? location.href : location;
    const { answer } = connection.request("load", [place, plain], { signal, callbacks });
    return createRemoteModel(connection, await answer);
  } catch (error) {
    connection.dispose();
    throw error;
  }
}

/** What the worker downloads is the browser's to remove, unless it agrees to keep it. Only a page may ask. */
function keepStorage(): void {
  globalThis.navigator?.storage?.persist?.().catch(() => {});
}
