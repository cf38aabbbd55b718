import { type ConnectOptions, connectModel, type RemoteModel } from "@krait/worker";
import type { HostedModel, HostLoadOptions, ModelHost } from "./model-host.ts";
import { labelOf, type ModelSource } from "./model-source.ts";

/** Models in workers: one for each, so that freeing it frees its memory to the last byte, or one for all tabs. */
export function workerHost(): ModelHost {
  return {
    async load(source, options) {
      options.signal.throwIfAborted();
      const worker = options.shared ? sharedWorker() : ownWorker();
      try {
        const model = await connect(worker, source, options);
        return hosted(model, () => end(worker), source);
      } catch (error) {
        end(worker);
        throw error;
      }
    },
  };
}

// Each is started as bundlers want to see it: they find its script by this expression.
const ownWorker = (): Worker => new Worker(new URL("./model-worker.ts", import.meta.url), { type: "module" });
const sharedWorker = (): SharedWorker =>
  new SharedWorker(new URL("./model-worker.ts", import.meta.url), { type: "module" });

function end(worker: Worker | SharedWorker): void {
  if (worker instanceof Worker) worker.terminate();
  else worker.port.close();
}

/** Bytes for the states of some seventy turns of the embedded model. */
const TINY_MODEL_BRANCHES = 16e6;

/** Loads a model; one that is kept here also where the hub cannot be asked, or does not answer this person. */
async function connect(
  worker: Worker | SharedWorker,
  source: ModelSource,
  options: HostLoadOptions,
): Promise<RemoteModel> {
  const { backend, maxContext, branchBytes, hubAddress, hubToken, onNote, onProgress, signal } = options;
  const wanted: ConnectOptions = {
    backend,
    maxContext,
    prefixCacheBytes: branchBytes ?? (source.kind === "embedded" ? TINY_MODEL_BRANCHES : undefined),
    ...(source.kind === "address" && { endpoint: hubAddress, token: hubToken }),
    // The service worker keeps the embedded model, as it keeps the page.
    ...(source.kind === "embedded" && { cache: false }),
    signal,
    onBackend: onNote,
    ...progressCallbacks(onProgress),
  };
  const location = locationOf(source);
  try {
    return await connectModel(worker, location, wanted);
  } catch (error) {
    if (!isOfHub(error)) throw error;
    const kept = await connectModel(worker, location, { ...wanted, offline: true }).catch(() => {
      throw error;
    });
    onNote(`The copy that is kept here was taken: ${error.message}`);
    return kept;
  }
}

function isOfHub(error: unknown): error is Error {
  const { code } = error as { readonly code?: unknown };
  return code === "HUB_REQUEST_FAILED" || code === "HUB_ACCESS_DENIED";
}

function locationOf(source: ModelSource): Parameters<typeof connectModel>[1] {
  switch (source.kind) {
    case "embedded":
      return new URL("./tiny-model/", document.baseURI).href;
    case "address":
      return source.address;
    case "files":
      return source.files;
  }
}

function progressCallbacks(
  onProgress: HostLoadOptions["onProgress"],
): Pick<ConnectOptions, "onProgress" | "onDownload"> {
  return {
    onProgress: ({ loadedBytes, totalBytes }) => onProgress({ phase: "loading", loadedBytes, totalBytes }),
    onDownload: ({ loadedBytes, totalBytes, bytesPerSecond }) =>
      onProgress({ phase: "downloading", loadedBytes, totalBytes, bytesPerSecond }),
  };
}

function hosted(model: RemoteModel, endWorker: () => void, source: ModelSource): HostedModel {
  const { architecture, memory, backend, maxContext, lost } = model;
  return {
    // What is nowhere called anything has its address for a name.
    name: model.name.includes("://") ? labelOf(source) : model.name,
    architecture,
    memory,
    backend,
    maxContext,
    lost,
    runTools: (messages, options) => model.runTools(messages, options),
    tokenTexts: (ids) => model.tokenTexts(ids),
    stepTimes: (signal) => model.stepTimes({ signal }),
    async [Symbol.asyncDispose]() {
      await model[Symbol.asyncDispose]();
      endWorker();
    },
  };
}
