import type { DownloadProgress, HubError, PulledModel, PullOptions } from "@krait/hub";
import { modelUrl } from "@krait/tiny-model";
import {
  type ModelFolder,
  type ModelLocation,
  type OpenOptions,
  openModelFolder,
  WeightError,
} from "@krait/weights";
import { ModelError } from "./errors.ts";

/** Options of models that have a name on the hub. What is left out, the environment says. */
export interface FindModelOptions
  extends OpenOptions,
    Pick<PullOptions, "revision" | "file" | "offline" | "weights" | "endpoint" | "token" | "cacheFolder"> {
  /**
   * In a browser, whether a model at a URL is kept in the browser's storage, and downloaded in parallel ranges
   * that go on where a closed tab ended; true unless given. Otherwise it is read where it lies, every time.
   */
  readonly cache?: boolean | undefined;
  /** How far the download is, if there is one. */
  readonly onDownload?: ((progress: DownloadProgress) => void) | undefined;
}

/**
 * Finds a model's files: in a folder, at a URL, among blobs; or, where there is no such file or folder, by
 * its name on the Hugging Face hub. What the cache lacks of that is downloaded first.
 *
 * @throws {WeightError} `WEIGHT_FILE_MISSING` for what is neither; {@link HubError}; {@link ModelError}
 *   `OPTION_INVALID` for a location that is none, or when a revision or file is asked of what is not from
 *   the hub.
 */
export async function findModel(
  location: ModelLocation,
  options: FindModelOptions = {},
): Promise<ModelFolder> {
  const { fetch, retries, retryDelay, signal } = options;
  if (!isLocation(location)) throw noLocation(location);
  const kept = await keep(location, options);
  if (kept !== undefined) return kept;
  const here = await openModelFolder(location, { fetch, retries, retryDelay, signal }).catch((error) => {
    // A folder that is there wins, so nobody's files are passed over.
    if (typeof location === "string" && isMissing(error)) return undefined;
    throw error;
  });
  if (here !== undefined) {
    refuseHubOptions(here, options);
    return here;
  }
  const pulled = await pull(String(location), options);
  const folder = await openModelFolder(pulled.blobs ?? pulled.path, { signal });
  return { ...folder, location: location as string };
}

/** What plain JavaScript passes may be anything, and options come easily in the place of the location. */
function isLocation(location: unknown): location is ModelLocation {
  const isMap = typeof (location as Partial<ReadonlyMap<string, Blob>> | null)?.keys === "function";
  return typeof location === "string" || location instanceof URL || location instanceof Blob || isMap;
}

function noLocation(location: unknown): ModelError {
  return new ModelError(
    "OPTION_INVALID",
    `A model's location is a path, a URL, a name on the hub, a blob, or a Map of blobs by file name, but ` +
      `this is ${location === null ? "null" : `of type ${typeof location}`}. Options come after it: ` +
      `loadModel(undefined, options) loads the embedded model.`,
    { option: "location", value: location },
  );
}

/** A model at a URL as a browser's storage has it; undefined where it is to be read where it lies. */
async function keep(
  location: ModelLocation,
  { cache = true, onDownload, ...options }: FindModelOptions,
): Promise<ModelFolder | undefined> {
  const isUrl = location instanceof URL || (typeof location === "string" && /^https?:/i.test(location));
  // The embedded model is part of the page, which keeps it as it keeps its scripts.
  if (!cache || !isUrl || String(location) === modelUrl.href) return undefined;
  const hub = await import("@krait/hub");
  if (!hub.hasOpfs()) return undefined;
  const { cacheFolder, ...others } = options;
  const pulled = await hub.pullUrl(location, { ...others, onProgress: onDownload });
  if (pulled?.blobs === undefined) return undefined;
  const folder = await openModelFolder(pulled.blobs, { signal: options.signal });
  const here = { ...folder, location: pulled.id };
  refuseHubOptions(here, options);
  return here;
}

async function pull(name: string, { onDownload, ...options }: FindModelOptions): Promise<PulledModel> {
  const hub = await import("@krait/hub");
  if (!hub.isModelName(name)) throw isNeither(name);
  try {
    return await hub.pullModel(name, { ...options, onProgress: onDownload });
  } catch (error) {
    throw error instanceof hub.HubError && isNotHad(error)
      ? new hub.HubError({
          ...error,
          message: `${thereIsNo(name)} here, so it was looked for on the hub. ${error.message}`,
          cause: error,
        })
      : error;
  }
}

/** It may be that a folder was meant, and its path is wrong. */
function isNotHad({ code }: HubError): boolean {
  return ["HUB_MODEL_NOT_FOUND", "HUB_ACCESS_DENIED", "HUB_REQUEST_FAILED", "HUB_OFFLINE"].includes(code);
}

function isMissing(error: unknown): boolean {
  const codes: readonly string[] = ["WEIGHT_FILE_MISSING", "WEIGHT_NO_FILE_SYSTEM"];
  return error instanceof WeightError && codes.includes(error.code);
}

function isNeither(name: string): WeightError {
  return new WeightError({
    code: "WEIGHT_FILE_MISSING",
    message:
      `${thereIsNo(name)}, and it is not the name of a model on the hub, ` +
      `such as "nvidia/NVIDIA-Nemotron-Nano-9B-v2".`,
    file: name,
    expected: "a folder, a weight file, or org/model",
  });
}

function thereIsNo(location: string): string {
  return `There is no file or folder "${location}"`;
}

function refuseHubOptions({ location }: ModelFolder, options: FindModelOptions): void {
  for (const option of ["revision", "file"] as const) {
    if (options[option] === undefined) continue;
    throw new ModelError(
      "OPTION_INVALID",
      `"${option}" is for models on the hub, but ${location} is not from there. Leave it out; ` +
        `if a model on the hub was meant, run this where there is no folder of that name.`,
      { option, value: options[option], location },
    );
  }
}
