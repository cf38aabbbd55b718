import { AccessKeys } from "./access/access-keys.ts";
import type { AccessKey } from "./access/keys.ts";
import type { Ledger, Price } from "./accounting/ledger.ts";
import type { BatchQueue, BatchStore } from "./batches/batch-store.ts";

export interface BatchOptions {
  readonly store: BatchStore;
  readonly queue: BatchQueue;
  /** Lines run at once; 4 unless given. */
  readonly concurrency?: number | undefined;
}

export interface HandlerOptions {
  /** Who may come in; everybody unless given. {@link AccessKeys} may be replaced later. */
  readonly keys?: readonly AccessKey[] | AccessKeys | undefined;
  /** Where it is written down who used how much; nowhere unless given. */
  readonly ledger?: Ledger | undefined;
  /** By model id; free unless given. */
  readonly prices?: Readonly<Record<string, Price>> | undefined;
  /** Origins whose pages may use the API, `"*"` for any; none unless given. */
  readonly corsOrigins?: readonly string[] | undefined;
  /** For requests that do not say; as many as the context holds unless given. */
  readonly defaultMaxTokens?: number | undefined;
  /** Answers of one request at most; 16 unless given. */
  readonly maxChoices?: number | undefined;
  /** Answers waited for or under way at once; 512 unless given. */
  readonly maxGenerations?: number | undefined;
  /** 16 MiB unless given. */
  readonly maxBodyBytes?: number | undefined;
  /** 100 unless given. */
  readonly maxNesting?: number | undefined;
  /** Of an uploaded file; 100 MiB unless given. */
  readonly maxFileBytes?: number | undefined;
  /** Where files and batches are kept, and how their lines are handed out; there are none unless given. */
  readonly batches?: BatchOptions | undefined;
  /** For the whole body to arrive; 30 unless given. */
  readonly bodyTimeoutSeconds?: number | undefined;
  /** For the whole answer; 600 unless given. */
  readonly requestTimeoutSeconds?: number | undefined;
  /** Between comments on a stream that has nothing else to say; 15 unless given. */
  readonly keepAliveSeconds?: number | undefined;
  /** How long a stream waits for its first event before its head is sent; 1 unless given. */
  readonly headSeconds?: number | undefined;
  /** What a client that does not read may leave waiting; 4 MiB unless given. */
  readonly maxBufferedBytes?: number | undefined;
  /** Responses that are kept to go on from, and the bytes of all of them; 1000 and 64 MiB unless given. */
  readonly maxStoredResponses?: number | undefined;
  readonly maxStoredBytes?: number | undefined;
  /** Once aborted, new work is refused and `/ready` says no; what is under way goes on. */
  readonly drain?: AbortSignal | undefined;
  /** Once aborted, what is under way ends, too. */
  readonly abort?: AbortSignal | undefined;
  /** Told of failures of ours, whose text clients do not see. Silent unless given. */
  readonly onError?: ((error: unknown, requestId: string) => void) | undefined;
}

type Optional = "batches" | "ledger" | "defaultMaxTokens" | "drain" | "abort";
type Required = Exclude<keyof HandlerOptions, Optional | "keys">;

/** The options with their defaults. */
export type ResolvedOptions = Pick<HandlerOptions, Optional> & {
  readonly [Name in Required]-?: Exclude<HandlerOptions[Name], undefined>;
} & { readonly keys: AccessKeys };

/** The keys as they may be replaced. */
export function accessKeysOf({ keys = [] }: Pick<HandlerOptions, "keys">): AccessKeys {
  return "replace" in keys ? keys : new AccessKeys(keys);
}

/** @throws {TypeError} for an origin that no page can have. */
export function resolveOptions(options: HandlerOptions): ResolvedOptions {
  for (const origin of options.corsOrigins ?? []) {
    if (/^(\*|null|[a-z][a-z\d+.-]*:\/\/[^/?#]+)$/.test(origin)) continue;
    throw new TypeError(
      `corsOrigins: expected an origin without a path, such as "https://example.org", or "*", but got "${origin}".`,
    );
  }
  return {
    ...{ batches: options.batches, ledger: options.ledger, drain: options.drain, abort: options.abort },
    keys: accessKeysOf(options),
    prices: options.prices ?? {},
    corsOrigins: options.corsOrigins ?? [],
    defaultMaxTokens: options.defaultMaxTokens,
    maxChoices: options.maxChoices ?? 16,
    maxGenerations: options.maxGenerations ?? 512,
    maxBodyBytes: options.maxBodyBytes ?? 16 * 2 ** 20,
    maxNesting: options.maxNesting ?? 100,
    maxFileBytes: options.maxFileBytes ?? 100 * 2 ** 20,
    bodyTimeoutSeconds: options.bodyTimeoutSeconds ?? 30,
    requestTimeoutSeconds: options.requestTimeoutSeconds ?? 600,
    keepAliveSeconds: options.keepAliveSeconds ?? 15,
    headSeconds: options.headSeconds ?? 1,
    maxBufferedBytes: options.maxBufferedBytes ?? 4 * 2 ** 20,
    maxStoredResponses: options.maxStoredResponses ?? 1000,
    maxStoredBytes: options.maxStoredBytes ?? 64 * 2 ** 20,
    onError: options.onError ?? (() => {}),
  };
}
