import { downloadFiles } from "./download/download-files.ts";
import { createProgressMeter, type DownloadProgress } from "./download/progress.ts";
import { findCached } from "./find-cached.ts";
import { parseModelName } from "./model-name.ts";
import type { PulledModel } from "./pulled-model.ts";
import { createClient } from "./remote/hub-client.ts";
import { isCommit, listRepository, resolveCommit, toHubFile } from "./remote/repository.ts";
import { requireSafeName } from "./safe-path.ts";
import { missingFile, selectFiles } from "./selection/select-files.ts";
import { shardNames } from "./selection/shard-names.ts";
import { type DownloadOptions, settingsOf } from "./settings.ts";
import type { HubFile } from "./storage.ts";

export interface PullOptions extends DownloadOptions {
  /** A branch, a tag, or a commit, which pins the model for good; "main" unless given. */
  readonly revision?: string | undefined;
  /** Which of several GGUF models: a file's name, or a part of it such as "Q4_0". */
  readonly file?: string | undefined;
  /** Without weights where they are files of their own: enough for configuration, tokenizer and template. */
  readonly weights?: boolean | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

/**
 * Brings a model from the hub into the cache, as far as it is not there yet: of safetensors only what Krait
 * reads, of GGUF one model. What was begun by an earlier call goes on where that ended.
 *
 * @param name - `org/model`, or `org/model:Q4_0` for one of several GGUF models.
 * @throws {HubError} with a `code`; the signal's reason when aborted. What has arrived is kept.
 */
export async function pullModel(name: string, options: PullOptions = {}): Promise<PulledModel> {
  const settings = settingsOf(options);
  settings.signal?.throwIfAborted();
  const { id, file: choice } = parseModelName(name, options.file);
  const { revision = "main", weights: withWeights = true, onProgress } = options;
  requireSafeName(revision, id);
  const stored = settings.storage.model(id);
  if (settings.offline) return await findCached(settings.storage, id, { revision, choice, withWeights });

  const client = createClient(settings, id, revision);
  const commit = await resolveCommit(client);
  const listing = await listRepository(client, commit);
  const progress = createProgressMeter(id, onProgress);
  const brought: HubFile[] = [];
  const bring = async (names: readonly string[]): Promise<void> => {
    const files = names.map((file) => {
      const entry = listing.get(file);
      if (entry === undefined) throw missingFile(id, file);
      return toHubFile(id, entry);
    });
    progress.expect(files.reduce((sum, { byteLength }) => sum + byteLength, 0));
    await downloadFiles(client, stored, commit, files, progress);
    brought.push(...files);
  };

  const sizes = new Map([...listing.values()].map(({ path, size, lfs }) => [path, lfs?.size ?? size]));
  const selection = selectFiles(id, sizes, choice);
  if (selection.format === "gguf") {
    await bring(selection.weights);
  } else {
    // Small files come first, so that whoever has the weights has everything.
    await bring(selection.texts);
    if (withWeights && "index" in selection.weights) {
      const { index } = selection.weights;
      await bring([index]);
      await bring(shardNames(id, index, await stored.read(commit, index)));
    } else if (withWeights) {
      await bring(selection.weights as readonly string[]);
    }
  }
  // Only now, so that offline a branch goes on to stand for a commit that is complete.
  const isFirst = !(await stored.refs()).has(revision);
  if (!isCommit(revision) && (withWeights || isFirst)) await stored.setRef(revision, commit);
  const names = brought.map((file) => file.name);
  await stored.touch(commit, names);
  return {
    id,
    revision,
    commit,
    path: selection.format === "gguf" ? stored.path(commit, selection.name) : stored.path(commit),
    byteLength: brought.reduce((sum, { byteLength }) => sum + byteLength, 0),
    receivedBytes: progress.receivedBytes,
    files: names,
  };
}
