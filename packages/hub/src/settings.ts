import type { RetryPolicy } from "@krait/tensor";
import { cacheFolder } from "./disk/cache-folder.ts";
import { diskStorage } from "./disk/disk-storage.ts";
import { environment } from "./disk/node.ts";
import { HubError } from "./hub-error.ts";
import { hasOpfs, opfsStorage } from "./opfs/opfs-storage.ts";
import type { ModelStorage } from "./storage.ts";

/** Where models come from, and where they are kept. What is left out, the environment says. */
export interface HubOptions {
  /** `HF_ENDPOINT`, or `https://huggingface.co`. */
  readonly endpoint?: string | undefined;
  /** `HF_TOKEN`; sent to the endpoint's origin alone. */
  readonly token?: string | undefined;
  /** Take from the cache only; `HF_HUB_OFFLINE`. */
  readonly offline?: boolean | undefined;
  /** The cache's folder; see {@link cacheFolder}. */
  readonly cacheFolder?: string | undefined;
  /** Instead of a folder on disk, or of a browser's private file system. */
  readonly storage?: ModelStorage | undefined;
}

export interface DownloadOptions extends HubOptions {
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Requests at once; 8 unless given. */
  readonly connections?: number | undefined;
  /** How much one request brings, and how much a crash can lose of each; 16 MiB unless given. */
  readonly pieceBytes?: number | undefined;
  /** Failures in a row of one piece after which to give up; 8 unless given. */
  readonly retries?: number | undefined;
  /** Milliseconds before the first repetition, doubled for each after it; 500 unless given. */
  readonly retryDelay?: number | undefined;
  /** Milliseconds without a byte after which a connection counts as cut; 30,000 unless given. */
  readonly stallTimeout?: number | undefined;
}

export interface Settings {
  readonly endpoint: string;
  readonly token: string | undefined;
  readonly offline: boolean;
  readonly storage: ModelStorage;
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal | undefined;
  readonly connections: number;
  readonly pieceBytes: number;
  readonly retry: RetryPolicy;
  readonly stallMilliseconds: number;
}

/** @throws {HubError} `HUB_OPTION_INVALID`, `HUB_NO_FILE_SYSTEM` */
export function settingsOf(options: DownloadOptions): Settings {
  const { HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE } = environment();
  return {
    endpoint: checkEndpoint(options.endpoint ?? (HF_ENDPOINT || "https://huggingface.co")),
    token: checkToken(options.token ?? HF_TOKEN?.trim()),
    offline: options.offline ?? isOn(HF_HUB_OFFLINE),
    storage: storageOf(options),
    // A page's own insists on being called as a method of its page.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    signal: options.signal,
    connections: count("connections", options.connections ?? 8, 1),
    pieceBytes: count("pieceBytes", options.pieceBytes ?? 16 * 2 ** 20, 1024),
    retry: {
      retries: count("retries", options.retries ?? 8, 0),
      delay: count("retryDelay", options.retryDelay ?? 500, 0),
    },
    stallMilliseconds: count("stallTimeout", options.stallTimeout ?? 30_000, 1),
  };
}

export function storageOf({ storage, cacheFolder: folder }: HubOptions): ModelStorage {
  if (storage !== undefined) return storage;
  return hasOpfs() && folder === undefined ? opfsStorage() : diskStorage(folder ?? cacheFolder());
}

/** As the Python library reads it. */
function isOn(value: string | undefined): boolean {
  return ["1", "on", "yes", "true"].includes(value?.toLowerCase() ?? "");
}

/** Without the slash at its end. The error does not repeat it, since it may hold a password. */
function checkEndpoint(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "") {
    return (url.origin + url.pathname).replace(/\/+$/, "");
  }
  throw invalid("The hub's address (HF_ENDPOINT)", "an http(s) URL without a user and password");
}

/** A header cannot hold everything, and the error of `fetch` would print it. */
function checkToken(token: string | undefined): string | undefined {
  if (token === undefined || token === "") return undefined;
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw invalid("The hub's token (HF_TOKEN)", "printable ASCII characters without spaces");
}

function count(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw invalid(`"${name}"`, `a whole number of ${least} or more`, value);
}

function invalid(what: string, expected: string, actual?: unknown): HubError {
  return new HubError({
    code: "HUB_OPTION_INVALID",
    message: `${what} should be ${expected}${actual === undefined ? "" : `, not ${String(actual)}`}.`,
    expected,
    actual,
  });
}
