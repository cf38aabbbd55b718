import { isModelName } from "../model-name.ts";

/** What an address of the hub's own names. */
export interface HubAddress {
  readonly endpoint: string;
  readonly id: string;
  readonly revision: string | undefined;
  /** The GGUF file, if it names one. */
  readonly file: string | undefined;
}

const HUB = "https://huggingface.co";
const hubOrigins = [HUB, "https://www.huggingface.co", "https://hf.co"];

/** What stands where organisations do, and is none. */
const reserved = ["api", "datasets", "docs", "models", "papers", "spaces"];

/** Files at a repository's root that stand for all of the model. */
const wholeModel = /^(|[^/]+\.json|model[^/]*\.safetensors)$/;

/**
 * The model that a URL of the hub names, be it that of the model's page, of its files, or of one of them to look at
 * or download; undefined for any other URL.
 *
 * @param endpoint - the address of another hub than Hugging Face's, if there is one.
 */
export function hubAddress(url: URL, endpoint: string = HUB): HubAddress | undefined {
  const base = hubOrigins.includes(url.origin) ? url.origin : endpoint.replace(/\/+$/, "");
  const place = url.origin + url.pathname;
  if (!place.startsWith(`${base}/`)) return undefined;
  const path = decoded(place.slice(base.length + 1).replace(/\/$/, ""));
  const [, id = "", revision, file = ""] =
    /^([^/]+\/[^/]+)(?:\/(?:resolve|blob|tree)\/([^/]+)(?:\/(.*))?)?$/.exec(path ?? "") ?? [];
  if (!isModelName(id) || id.includes(":") || reserved.includes(id.split("/")[0]!)) return undefined;
  const hub = hubOrigins.includes(base) ? HUB : base;
  if (/^[^/]+\.gguf$/i.test(file)) return { endpoint: hub, id, revision, file };
  return wholeModel.test(file) ? { endpoint: hub, id, revision, file: undefined } : undefined;
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
