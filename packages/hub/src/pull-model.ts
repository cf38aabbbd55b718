import { requireRoom } from "./download/disk-room.ts";
import { downloadFiles } from "./download/download-files.ts";
import { createProgressMeter, type DownloadProgress } from "./download/progress.ts";
import { findCached } from "./find-cached.ts";
import { parseModelName } from "./model-name.ts";
import type { PulledModel } from "./pulled-model.ts";
import { createClient } from "./remote/hub-client.ts";
import {
  isCommit,
  listRepository,
  type RepositoryEntry,
  resolveCommit,
  toHubFile,
} from "./remote/repository.ts";
import { requireSafeName } from "./safe-path.ts";
import { type Choice, missingFile, selectFiles } from "./selection/select-files.ts";
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
  const { id, file } = parseModelName(name, options.file);
  const { revision = "main", weights: withWeights = true, onProgress } = options;
  const choice: Choice = { file, weights: withWeights };
  requireSafeName(revision, id);
  const stored = settings.storage.model(id);
  if (settings.offline) return await findCached(settings.storage, id, revision, choice);

  const client = createClient(settings, id, revision);
  const commit = await resolveCommit(client);
  const listing = await listRepository(client, commit);
  const progress = createProgressMeter(id, onProgress);
  const brought: HubFile[] = [];
  /** Group after group, with room for all of them seen to before. */
  async function bring(...groups: readonly (readonly string[])[]): Promise<void> {
    const files = groups.map((names) => names.map((name) => fileOf(id, listing, name)));
    await requireRoom(client, stored, files.flat());
    progress.expect(totalBytes(files.flat()));
    for (const group of files) await downloadFiles(client, stored, commit, group, progress);
    brought.push(...files.flat());
  }

  const sizes = new Map([...listing.values()].map(({ path, size, lfs }) => [path, lfs?.size ?? size]));
  const { gguf, texts, weights } = selectFiles(id, sizes, choice);
  // Small files come first, so that whoever has the weights has everything.
  if ("index" in weights) {
    await bring([weights.index]);
    await bring(texts, shardNames(id, weights.index, await stored.read(commit, weights.index)));
  } else {
    await bring(texts, weights);
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
    path: stored.path(commit, gguf),
    blobs: await stored.blobs(commit, names),
    byteLength: totalBytes(brought),
    receivedBytes: progress.receivedBytes,
    files: names,
  };
}

function fileOf(model: string, listing: ReadonlyMap<string, RepositoryEntry>, name: string): HubFile {
  const entry = listing.get(name);
  if (entry === undefined) throw missingFile(model, name);
  return toHubFile(model, entry);
}

function totalBytes(files: readonly HubFile[]): number {
  return files.reduce((sum, { byteLength }) => sum + byteLength, 0);
}
