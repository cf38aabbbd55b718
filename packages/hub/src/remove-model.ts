import { HubError } from "./hub-error.ts";
import { parseModelName } from "./model-name.ts";
import { isCommit } from "./remote/repository.ts";
import { ggufModels, matchingModels } from "./selection/gguf-models.ts";
import { type HubOptions, storageOf } from "./settings.ts";

export interface RemoveOptions extends HubOptions {
  /** Only this branch, tag or commit; all of them unless given. */
  readonly revision?: string | undefined;
  /** Only this GGUF model, as for `pullModel`. */
  readonly file?: string | undefined;
}

export interface RemovedModel {
  readonly id: string;
  readonly commits: readonly string[];
  readonly freedBytes: number;
}

/**
 * Removes a model from the cache, also what has been downloaded of it only in part.
 *
 * @param name - `org/model`, or `org/model:Q4_0` for one of several GGUF models alone; of a model at a URL its
 *   id in {@link listModels}.
 * @throws {HubError} `HUB_NOT_CACHED` when there is nothing to remove.
 */
export async function removeModel(name: string, options: RemoveOptions = {}): Promise<RemovedModel> {
  const { revision } = options;
  const storage = storageOf(options);
  const isUrl = URL.canParse(name);
  const { id, file } = isUrl ? { id: name, file: options.file } : parseModelName(name, options.file);
  const stored = storage.model(id);
  if (!(await storage.models()).includes(id)) throw notCached(id, storage.location);
  if (revision === undefined && file === undefined) {
    const commits = await stored.commits();
    return { id, commits, freedBytes: await stored.removeAll() };
  }
  const commits: string[] = [];
  let freedBytes = 0;
  for (const commit of await stored.commits()) {
    const isMeant =
      revision === undefined || revision === commit || (await stored.refs()).get(revision) === commit;
    const names = isMeant ? chosenNames([...(await stored.files(commit)).keys()], file) : [];
    if (names.length === 0) continue;
    commits.push(commit);
    freedBytes += await stored.remove(commit, names);
  }
  if (commits.length === 0) throw notCached(id, storage.location, revision, file);
  return { id, commits, freedBytes };
}

function chosenNames(names: readonly string[], choice: string | undefined): readonly string[] {
  if (choice === undefined) return names;
  return matchingModels(ggufModels(names), choice).flatMap(({ files }) => files);
}

function notCached(model: string, location: string, revision?: string, file?: string): HubError {
  const what = [file, revision && (isCommit(revision) ? `commit ${revision}` : `revision ${revision}`)]
    .filter((part) => part !== undefined)
    .map((part) => `${part} of `)
    .join("");
  return new HubError({
    code: "HUB_NOT_CACHED",
    message: `There is no ${what}"${model}" in the cache at ${location}.`,
    model,
    file,
    actual: revision,
  });
}
