export { cacheFolder } from "./disk/cache-folder.ts";
export { diskStorage } from "./disk/disk-storage.ts";
export type { DownloadProgress } from "./download/progress.ts";
export { HubError, type HubErrorCode } from "./hub-error.ts";
export { type CachedModel, listModels } from "./list-models.ts";
export { isModelName, type ModelName, parseModelName } from "./model-name.ts";
export { hasOpfs, type OpfsOptions, opfsStorage } from "./opfs/opfs-storage.ts";
export { type PullOptions, pullModel } from "./pull-model.ts";
export { type PullUrlOptions, pullUrl } from "./pull-url.ts";
export type { PulledModel } from "./pulled-model.ts";
export { type RemovedModel, type RemoveOptions, removeModel } from "./remove-model.ts";
export type { DownloadOptions, HubOptions } from "./settings.ts";
export type {
  Digest,
  HashAlgorithm,
  Hasher,
  HubFile,
  ModelStorage,
  PartialFile,
  StoredFile,
  StoredModel,
} from "./storage.ts";
