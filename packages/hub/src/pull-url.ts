import { requireRoom } from "./download/disk-room.ts";
import { downloadFiles } from "./download/download-files.ts";
import { createProgressMeter, type DownloadProgress, type ProgressMeter } from "./download/progress.ts";
import { weightNames } from "./find-cached.ts";
import { HubError } from "./hub-error.ts";
import { pullModel } from "./pull-model.ts";
import type { PulledModel } from "./pulled-model.ts";
import { type HubAddress, hubAddress } from "./remote/hub-address.ts";
import { createUrlClient, type HubClient } from "./remote/hub-client.ts";
import { probeFile } from "./remote/probe-file.ts";
import { requireSafeName } from "./safe-path.ts";
import { selectFiles, textFiles } from "./selection/select-files.ts";
import { shardNames } from "./selection/shard-names.ts";
import { type DownloadOptions, settingsOf } from "./settings.ts";
import type { HubFile, StoredModel } from "./storage.ts";

/** Endpoint and token are for URLs of the hub. */
export interface PullUrlOptions extends Omit<DownloadOptions, "cacheFolder"> {
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

/** A model at a URL has one state: what its server has now. */
const COMMIT = "latest";

const SINGLE_FILE = "model.safetensors";
const INDEX_FILE = "model.safetensors.index.json";

const MOST_PROBE_RETRIES = 3;

/** The server, or a file of it, does not say enough to be kept. */
class UnsuitedError extends Error {}

/**
 * Brings a model at a URL into a browser's storage, as far as it is not there yet: a GGUF file with all its
 * parts, or a folder in the Hugging Face layout. What was begun by an earlier call goes on where that ended.
 * A URL of the hub's own is the model that it names, with the hub's checksums, as for {@link pullModel}.
 * Elsewhere a file counts as the same while its URL, its size and its ETag, or its time of modification, are.
 *
 * @returns undefined where it cannot be kept, and has to be read where it lies: the server ignores Range
 *   requests, or gives pages of this origin neither sizes nor a means to tell versions apart; or the URL names
 *   some other file.
 * @throws {HubError} with a `code`; the signal's reason when aborted. What has arrived is kept.
 */
export async function pullUrl(
  location: URL | string,
  options: PullUrlOptions = {},
): Promise<PulledModel | undefined> {
  const named = hubAddress(new URL(location), options.endpoint);
  if (named !== undefined) return await pullNamed(named, options);
  const place = placeOf(new URL(location));
  if (place === undefined) return undefined;
  const { base, gguf } = place;
  const id = base.origin + base.pathname + (gguf ?? "");
  const settings = settingsOf({ ...options, endpoint: base.origin });
  const stored = settings.storage.model(id);
  const client = createUrlClient(settings, id, base);
  const progress = createProgressMeter(id, options.onProgress);
  const kept = await found(stored, id, gguf, client).catch((error) => {
    if (settings.offline) throw error;
    return undefined;
  });
  if (settings.offline && kept !== undefined) return kept;
  // Whoever has a model does not wait for its server to come back.
  const retries = kept === undefined ? Math.min(settings.retry.retries, MOST_PROBE_RETRIES) : 0;
  const probing = { ...client, settings: { ...settings, retry: { ...settings.retry, retries } } };
  const way: Way = { client, probing, stored, progress };
  try {
    await (gguf === undefined ? bringFolder(way) : bring(way, partNames(gguf)));
  } catch (error) {
    if (error instanceof UnsuitedError) return undefined;
    if (kept !== undefined && error instanceof HubError && error.code === "HUB_REQUEST_FAILED") return kept;
    throw error;
  }
  await stored.remove(COMMIT, []); // contents of earlier versions
  return { ...(await found(stored, id, gguf, client)), receivedBytes: progress.receivedBytes };
}

/** Whoever has the model does not need the hub. */
async function pullNamed({ id, ...address }: HubAddress, options: PullUrlOptions): Promise<PulledModel> {
  const wanted = { ...options, ...address };
  return await pullModel(id, wanted).catch(async (error) => {
    if (!(error instanceof HubError) || error.code !== "HUB_REQUEST_FAILED") throw error;
    return await pullModel(id, { ...wanted, offline: true }).catch(() => {
      throw error;
    });
  });
}

/** What a file goes by on its way from its server to the storage. */
interface Way {
  readonly client: HubClient;
  /** The same, with less patience. */
  readonly probing: HubClient;
  readonly stored: StoredModel;
  readonly progress: ProgressMeter;
}

/** The folder's URL, and the GGUF file's name if it is one; undefined for another file. */
function placeOf(url: URL): { readonly base: URL; readonly gguf: string | undefined } | undefined {
  if (!/^https?:$/.test(url.protocol)) return undefined;
  const base = new URL(url);
  const last = decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf("/") + 1));
  const isFolder = !/\.(gguf|safetensors|safetensors\.index\.json)$/i.test(last);
  base.pathname = isFolder ? url.pathname.replace(/\/?$/, "/") : url.pathname.replace(/[^/]*$/, "");
  if (/\.gguf$/i.test(last)) return { base, gguf: last };
  return isFolder || last === SINGLE_FILE || last === INDEX_FILE ? { base, gguf: undefined } : undefined;
}

/** The names of all parts of a GGUF file that is split, or of the one that is not. */
function partNames(name: string): readonly string[] {
  const [, prefix, total, suffix] = /^(.*)-\d{5}-of-(\d{5})(\.gguf)$/i.exec(name) ?? [];
  if (total === undefined) return [name];
  return Array.from(
    { length: Number(total) },
    (_, part) => `${prefix}-${String(part + 1).padStart(5, "0")}-of-${total}${suffix}`,
  );
}

async function bringFolder(way: Way): Promise<void> {
  const { probing, stored } = way;
  const isSingle = (await probeFile(probing, SINGLE_FILE)) !== "absent";
  if (isSingle) {
    await bring(way, textFiles, ["config.json"]);
    await bring(way, [SINGLE_FILE]);
  } else {
    await bring(way, [...textFiles, INDEX_FILE], ["config.json", INDEX_FILE]);
    await bring(way, shardNames(probing.asked.model, INDEX_FILE, await stored.read(COMMIT, INDEX_FILE)));
  }
}

/** @param required - of these files; all of them unless given. */
async function bring(
  { client, probing, stored, progress }: Way,
  names: readonly string[],
  required: readonly string[] = names,
): Promise<void> {
  const files: HubFile[] = [];
  const absent: string[] = [];
  for (const name of names) {
    const probe = await probeFile(probing, requireSafeName(name, client.asked.model));
    if (probe === "unsuited") throw new UnsuitedError();
    if (probe !== "absent") files.push(probe);
    else if (required.includes(name)) throw missing(client, name);
    else absent.push(name);
  }
  await requireRoom(client, stored, files);
  progress.expect(files.reduce((sum, { byteLength }) => sum + byteLength, 0));
  await downloadFiles(client, stored, COMMIT, files, progress);
  if (absent.length > 0) await stored.remove(COMMIT, absent);
}

/** What the storage has of the model, if that is all of it. */
async function found(
  stored: StoredModel,
  id: string,
  gguf: string | undefined,
  client: HubClient,
): Promise<PulledModel> {
  const files = await stored.files(COMMIT);
  const sizes = new Map([...files].map(([name, { byteLength }]) => [name, byteLength]));
  let names = gguf === undefined ? [] : partNames(gguf);
  if (gguf === undefined) {
    const { texts, weights } = selectFiles(id, sizes, { file: undefined, weights: true });
    names = [...texts, ...(await weightNames(stored, id, COMMIT, weights))];
  }
  const lacking = names.find((name) => !files.has(name));
  if (lacking !== undefined) throw missing(client, lacking);
  await stored.touch(COMMIT, names);
  return {
    id,
    revision: COMMIT,
    commit: COMMIT,
    path: stored.path(COMMIT, gguf),
    blobs: await stored.blobs(COMMIT, names),
    byteLength: names.reduce((sum, name) => sum + sizes.get(name)!, 0),
    receivedBytes: 0,
    files: names,
  };
}

function missing({ asked, settings }: HubClient, name: string): HubError {
  const where = settings.offline ? `The cache at ${settings.storage.location}` : asked.endpoint;
  return new HubError({
    code: settings.offline ? "HUB_OFFLINE" : "HUB_FILE_NOT_FOUND",
    message: `${where} has no ${name} of ${asked.model}, without which it cannot be loaded.`,
    model: asked.model,
    file: name,
  });
}
