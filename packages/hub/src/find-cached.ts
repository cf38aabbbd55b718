import { HubError } from "./hub-error.ts";
import type { PulledModel } from "./pulled-model.ts";
import { isCommit } from "./remote/repository.ts";
import type { SizedFiles } from "./selection/choice-list.ts";
import { type Choice, type Selection, selectFiles } from "./selection/select-files.ts";
import { shardNames } from "./selection/shard-names.ts";
import type { ModelStorage, StoredModel } from "./storage.ts";

/**
 * Finds a model that the cache has complete, and asks nobody.
 *
 * @throws {HubError} `HUB_OFFLINE`, which names what is missing; `HUB_FILE_AMBIGUOUS`.
 */
export async function findCached(
  storage: ModelStorage,
  id: string,
  revision: string,
  choice: Choice,
): Promise<PulledModel> {
  const stored = storage.model(id);
  const commit = isCommit(revision) ? revision : (await stored.refs()).get(revision);
  const files = commit === undefined ? new Map() : await stored.files(commit);
  if (commit === undefined || files.size === 0) {
    const others = (await stored.refs()).keys();
    throw notCached(storage, id, `revision ${revision}`, [...others]);
  }
  const sizes = new Map([...files].map(([name, { byteLength }]) => [name, byteLength]));
  const { gguf, texts, weights } = select(storage, id, sizes, choice);
  const names = [...texts, ...(await weightNames(stored, id, commit, weights))];
  for (const name of names) if (!files.has(name)) throw notCached(storage, id, name);
  await stored.touch(commit, names);
  return {
    id,
    revision,
    commit,
    path: stored.path(commit, gguf),
    blobs: await stored.blobs(commit, names),
    byteLength: names.reduce((sum, name) => sum + sizes.get(name)!, 0),
    receivedBytes: 0,
    files: names,
  };
}

/** All files that hold a model's weights, an index of them included. */
export async function weightNames(
  stored: StoredModel,
  id: string,
  commit: string,
  weights: Selection["weights"],
): Promise<readonly string[]> {
  if (!("index" in weights)) return weights;
  return [weights.index, ...shardNames(id, weights.index, await stored.read(commit, weights.index))];
}

/** What the hub would not have, the cache only lacks. */
function select(storage: ModelStorage, id: string, sizes: SizedFiles, choice: Choice): Selection {
  try {
    return selectFiles(id, sizes, choice);
  } catch (error) {
    if (!(error instanceof HubError) || error.code !== "HUB_FILE_NOT_FOUND") throw error;
    throw notCached(storage, id, error.file ?? "weights", [], error);
  }
}

function notCached(
  storage: ModelStorage,
  model: string,
  what: string,
  revisions: readonly string[] = [],
  cause?: unknown,
): HubError {
  const others = revisions.length > 0 ? `It has ${revisions.join(", ")}. ` : "";
  return new HubError({
    code: "HUB_OFFLINE",
    message:
      `Offline, and the cache at ${storage.location} lacks ${what} of "${model}". ${others}` +
      `Go online once and pull the model, or unset HF_HUB_OFFLINE.`,
    model,
    file: what,
    cause,
  });
}
