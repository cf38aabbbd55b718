import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HubError } from "../src/hub-error.ts";
import type { PullOptions } from "../src/pull-model.ts";
import type { HubServer } from "./hub-server.ts";
import { PIECE } from "./repositories.ts";

export interface Cache extends AsyncDisposable {
  readonly folder: string;
  /** Options for a test: small pieces, and no long waits. */
  options(hub: HubServer, options?: PullOptions): PullOptions;
}

export async function temporaryCache(): Promise<Cache> {
  const folder = await mkdtemp(join(tmpdir(), "krait-hub-"));
  return {
    folder,
    options: ({ endpoint }, options) => ({
      endpoint,
      cacheFolder: folder,
      pieceBytes: PIECE,
      connections: 4,
      retryDelay: 1,
      ...options,
    }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** What a promise is refused with. */
export async function hubErrorOf(promise: Promise<unknown>): Promise<HubError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof HubError) return error;
  throw error ?? new Error("Nothing was thrown.");
}
