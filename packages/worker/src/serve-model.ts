import { loadModel } from "krait";
import { LoadedModels, type Loader } from "./loaded-models.ts";
import { ModelServer } from "./model-server.ts";
import type { NodePort, WebPort } from "./port.ts";

export interface ServeOptions {
  /** What loads the models; `loadModel` of `krait` unless given. */
  readonly loadModel?: Loader | undefined;
}

/** Where pages come from: the scope of a dedicated or a shared worker, a message port, or Node's `parentPort`. */
export type WorkerScope = WebPort | NodePort | SharedScope;

/** The scope of a shared worker, which gets a port for every page that connects. */
export interface SharedScope {
  onconnect: unknown;
  addEventListener(type: string, listener: (event: Event) => void): void;
}

/**
 * Answers the pages that `connectModel` to this worker: the one line that a worker's script needs.
 *
 * @param scope - `self`, or `parentPort` of `node:worker_threads`.
 */
export function serveModel(scope: WorkerScope, options: ServeOptions = {}): void {
  const models = new LoadedModels(options.loadModel ?? loadModel);
  if (!("onconnect" in scope)) {
    new ModelServer(scope, models);
    return;
  }
  scope.addEventListener("connect", (event) => {
    for (const port of (event as MessageEvent).ports) new ModelServer(port, models);
  });
}
