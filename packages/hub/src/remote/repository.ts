import { type ListFileEntry, listFiles, modelInfo } from "@huggingface/hub";
import { reasonOf } from "@krait/tensor";
import { HubError, quote } from "../hub-error.ts";
import type { HubFile } from "../storage.ts";
import type { HubClient } from "./hub-client.ts";

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
  const { endpoint: hubUrl, model: name, revision } = asked;
  if (isCommit(revision)) return revision;
  const { sha } = await understood(name, () =>
    modelInfo({ name, revision, hubUrl, fetch, additionalFields: ["sha"] }),
  );
  if (typeof sha === "string" && isCommit(sha)) return sha;
  throw invalid(name, `${quote(String(sha))} as the commit of ${revision}`);
}

/** All files of a commit, by name. */
export async function listRepository(
  { asked, fetch }: HubClient,
  commit: string,
): Promise<ReadonlyMap<string, ListFileEntry>> {
  const { endpoint: hubUrl, model: name } = asked;
  const repo = { type: "model", name } as const;
  return await understood(name, async () => {
    const files = new Map<string, ListFileEntry>();
    for await (const entry of listFiles({ repo, revision: commit, recursive: true, hubUrl, fetch })) {
      if (entry.type === "file") files.set(entry.path, entry);
    }
    return files;
  });
}

/** @throws {HubError} `HUB_RESPONSE_INVALID` when the hub gives no checksum that we know. */
export function toHubFile(model: string, { path: name, lfs, oid = "", size }: ListFileEntry): HubFile {
  const byteLength = lfs?.size ?? size;
  const hex = lfs?.oid ?? oid;
  if (!Number.isSafeInteger(byteLength) || byteLength < 0)
    throw invalid(model, `${byteLength} as the size of ${name}`);
  if (lfs !== undefined && /^[0-9a-f]{64}$/.test(hex))
    return { name, byteLength, digest: { algorithm: "sha256", hex } };
  if (lfs === undefined && isCommit(hex)) return { name, byteLength, digest: { algorithm: "git-sha1", hex } };
  throw invalid(model, `${quote(hex)} as the checksum of ${name}`);
}

/** What `@huggingface/hub` stumbles over is an answer that it did not expect. */
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
