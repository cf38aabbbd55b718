import { weightNames } from "./find-cached.ts";
import { HubError } from "./hub-error.ts";
import { ggufModels } from "./selection/gguf-models.ts";
import { selectFiles } from "./selection/select-files.ts";
import { type HubOptions, storageOf } from "./settings.ts";
import type { StoredFile, StoredModel } from "./storage.ts";

/** One revision of a model in the cache, or what there is of files that are not complete. */
export interface CachedModel {
  readonly id: string;
  /** Undefined for files that are not complete. */
  readonly commit: string | undefined;
  /** Branches and tags that stood for this commit when they were last asked about. */
  readonly revisions: readonly string[];
  readonly byteLength: number;
  readonly files: readonly { readonly name: string; readonly byteLength: number }[];
  readonly lastUsed: Date;
  /** Whether it can be loaded offline; of several GGUF models, one at least. */
  readonly isComplete: boolean;
}

/**
 * What the cache has, the last used first. The cache may be shared with other programs, so there may be
 * models that Krait does not run.
 */
export async function listModels(options: HubOptions = {}): Promise<CachedModel[]> {
  const storage = storageOf(options);
  const models: CachedModel[] = [];
  for (const id of await storage.models()) {
    const stored = storage.model(id);
    const unfinished = await stored.unfinished();
    if (unfinished !== undefined) {
      models.push({ id, commit: undefined, revisions: [], files: [], isComplete: false, ...unfinished });
    }
    const refs = [...(await stored.refs())];
    for (const commit of await stored.commits()) {
      const files = await stored.files(commit);
      if (files.size === 0) continue;
      const entries = [...files].map(([name, { byteLength }]) => ({ name, byteLength }));
      models.push({
        id,
        commit,
        revisions: refs.filter(([, target]) => target === commit).map(([revision]) => revision),
        byteLength: entries.reduce((sum, { byteLength }) => sum + byteLength, 0),
        files: entries,
        lastUsed: new Date(Math.max(...[...files.values()].map(({ lastUsed }) => lastUsed.getTime()))),
        isComplete: await isComplete(stored, id, commit, files),
      });
    }
  }
  return models.sort((a, b) => b.lastUsed.getTime() - a.lastUsed.getTime());
}

async function isComplete(
  stored: StoredModel,
  id: string,
  commit: string,
  files: ReadonlyMap<string, StoredFile>,
): Promise<boolean> {
  if (ggufModels(files.keys()).some(({ missing }) => missing.length === 0)) return true;
  try {
    const sizes = new Map([...files].map(([name, { byteLength }]) => [name, byteLength]));
    const { weights } = selectFiles(id, sizes, { file: undefined, weights: true });
    return (await weightNames(stored, id, commit, weights)).every((name) => files.has(name));
  } catch (error) {
    if (error instanceof HubError) return false;
    throw error;
  }
}
