import { reasonOf } from "@krait/tensor";
import { HubError, quote } from "../hub-error.ts";
import type { HubFile } from "../storage.ts";
import type { HubClient } from "./hub-client.ts";

// The two requests of the hub's interface that a download needs. `@huggingface/hub` has them, too, but its imports
// of Node's modules keep some bundlers from making a page of a program that merely might ask.

/** A file or folder, as the hub lists it. */
export interface RepositoryEntry {
  readonly type: string;
  /** From the repository's root. */
  readonly path: string;
  readonly size: number;
  /** Of the git blob. */
  readonly oid?: string;
  /** Of a large file itself; the blob is a pointer to it. */
  readonly lfs?: { readonly oid: string; readonly size: number };
}

/** Whether a revision is a commit, which never changes, and not a branch or tag. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/**
 * The commit that a branch or tag stands for now.
 *
 * @throws {HubError} when there is no such model or revision, or it is not to be had.
 */
export async function resolveCommit({ asked, fetch }: HubClient): Promise<string> {
  const { endpoint, model, revision } = asked;
  if (isCommit(revision)) return revision;
  const url = `${endpoint}/api/models/${model}/revision/${encodeURIComponent(revision)}?expand=sha`;
  const sha: unknown = await understood(model, async () => (await (await fetch(url)).json()).sha);
  if (typeof sha === "string" && isCommit(sha)) return sha;
  throw invalid(model, `${quote(String(sha))} as the commit of ${revision}`);
}

/** All files of a commit, by name. */
export async function listRepository(
  { asked, fetch }: HubClient,
  commit: string,
): Promise<ReadonlyMap<string, RepositoryEntry>> {
  const { endpoint, model } = asked;
  const files = new Map<string, RepositoryEntry>();
  const pages = new Set<string>();
  let next: string | undefined = `${endpoint}/api/models/${model}/tree/${commit}?recursive=true`;
  while (next !== undefined) {
    const page: string = next;
    if (pages.has(page)) throw invalid(model, "a listing without end");
    pages.add(page);
    next = await understood(model, async () => {
      const response = await fetch(page, { headers: { accept: "application/json" } });
      for (const entry of (await response.json()) as readonly RepositoryEntry[]) {
        if (entry.type === "file") files.set(entry.path, entry);
      }
      return nextPage(response.headers);
    });
  }
  return files;
}

/** As the `Link` header names it: `<https://…>; rel="next"`. */
function nextPage(headers: Headers): string | undefined {
  return /<([^>]+)>;\s*rel="next"/.exec(headers.get("link") ?? "")?.[1];
}

/** @throws {HubError} `HUB_RESPONSE_INVALID` when the hub gives no checksum that we know. */
export function toHubFile(model: string, { path: name, lfs, oid = "", size }: RepositoryEntry): HubFile {
  const byteLength = lfs?.size ?? size;
  const hex = lfs?.oid ?? oid;
  if (!Number.isSafeInteger(byteLength) || byteLength < 0)
    throw invalid(model, `${byteLength} as the size of ${name}`);
  if (lfs !== undefined && /^[0-9a-f]{64}$/.test(hex))
    return { name, byteLength, digest: { algorithm: "sha256", hex } };
  if (lfs === undefined && isCommit(hex)) return { name, byteLength, digest: { algorithm: "git-sha1", hex } };
  throw invalid(model, `${quote(hex)} as the checksum of ${name}`);
}

/** What a reading stumbles over is an answer that it did not expect. */
async function understood<T>(model: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError)
      throw invalid(model, "what is no JSON of its kind", error);
    throw error;
  }
}

function invalid(model: string, what: string, cause?: unknown): HubError {
  return new HubError({
    code: "HUB_RESPONSE_INVALID",
    message:
      `The hub gave ${what} for "${model}". ` +
      `If HF_ENDPOINT names a mirror, it may not be one${cause === undefined ? "" : ` (${reasonOf(cause)})`}.`,
    model,
    cause,
  });
}
