import { connectModel, type RemoteModel } from "@krait/worker";
import type { HostedModel, HostLoadOptions, ModelHost } from "./model-host.ts";
import { labelOf, type ModelSource } from "./model-source.ts";

/** Models in workers, one for each, so that freeing a model frees its memory to the last byte. */
export function workerHost(): ModelHost {
  return {
    async load(source, { backend, maxContext, hubAddress, onProgress, onBackend, signal }) {
      signal.throwIfAborted();
      // What is downloaded is then not removed when the disk is full. Only a page may ask.
      if (source.kind === "address") await navigator.storage?.persist?.().catch(() => false);
      const worker = new Worker(new URL("./model-worker.ts", import.meta.url), { type: "module" });
      try {
        const model = await connectModel(worker, locationOf(source), {
          backend,
          maxContext,
          ...(source.kind === "address" && { endpoint: hubAddress }),
          // The service worker keeps the embedded model, as it keeps the page.
          ...(source.kind === "embedded" && { cache: false }),
          signal,
          onBackend,
          ...progressCallbacks(onProgress),
        });
        return hosted(model, worker, source);
      } catch (error) {
        worker.terminate();
        throw error;
      }
    },
  };
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

function progressCallbacks(onProgress: HostLoadOptions["onProgress"]): Parameters<typeof connectModel>[2] {
  return {
    onProgress: ({ loadedBytes, totalBytes }) => onProgress({ phase: "loading", loadedBytes, totalBytes }),
    onDownload: ({ loadedBytes, totalBytes, bytesPerSecond }) =>
      onProgress({ phase: "downloading", loadedBytes, totalBytes, bytesPerSecond }),
  };
}

function hosted(model: RemoteModel, worker: Worker, source: ModelSource): HostedModel {
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
    async [Symbol.asyncDispose]() {
      await model[Symbol.asyncDispose]();
      worker.terminate();
    },
  };
}
