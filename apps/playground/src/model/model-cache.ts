import type { CachedModel } from "@krait/hub";

/** A model in this browser's storage, or what has arrived of one. */
export interface KeptModel {
  /** By which it is loaded. */
  readonly address: string;
  readonly byteLength: number;
  readonly lastUsed: Date;
  /** Whether it can be loaded without a network. */
  readonly isComplete: boolean;
}

/** Bytes that the browser stores for this page, and how many it would; undefined where it does not say. */
export interface StorageRoom {
  readonly usedBytes: number | undefined;
  readonly quotaBytes: number | undefined;
}

/** The models that have been downloaded into this browser. */
export interface ModelCache {
  /** The last used first. */
  list(): Promise<readonly KeptModel[]>;
  /** Removes a model by its address, or by the name of its repository all that is there of that. */
  remove(address: string): Promise<void>;
  room(): Promise<StorageRoom>;
}

/** The browser's private file system, as `@krait/hub` uses it. */
export function browserCache(): ModelCache {
  // Most visits never look at it.
  const hub = () => import("@krait/hub");
  return {
    async list() {
      const { hasOpfs, listModels } = await hub();
      return hasOpfs() ? keptModels(await listModels()) : [];
    },
    async remove(address) {
      await (await hub()).removeModel(address);
    },
    async room() {
      const { usage, quota } = (await navigator.storage?.estimate?.()) ?? {};
      return { usedBytes: usage, quotaBytes: quota };
    },
  };
}

/** What can be loaded of what the cache has: of a repository of GGUF models each, of revisions all as one. */
export function keptModels(cached: readonly CachedModel[]): readonly KeptModel[] {
  const kept = new Map<string, KeptModel>();
  for (const { id, files, ...model } of cached) {
    const { byteLength, lastUsed, isComplete } = model;
    const quantized = id.includes("://") ? [] : [...ggufModels(files)];
    const models = quantized.map(([file, bytes]) => ({ address: `${id}:${file}`, byteLength: bytes }));
    for (const each of models.length > 0 ? models : [{ address: id, byteLength }]) {
      const known = kept.get(each.address);
      kept.set(each.address, {
        address: each.address,
        byteLength: each.byteLength + (known?.byteLength ?? 0),
        lastUsed: known !== undefined && known.lastUsed > lastUsed ? known.lastUsed : lastUsed,
        isComplete: isComplete || (known?.isComplete ?? false),
      });
    }
  }
  return [...kept.values()].sort((a, b) => b.lastUsed.getTime() - a.lastUsed.getTime());
}

/** GGUF models by their file, or the first one of several parts, with the bytes of all parts. */
function ggufModels(files: CachedModel["files"]): ReadonlyMap<string, number> {
  const models = new Map<string, number>();
  for (const { name, byteLength } of files) {
    if (!/\.gguf$/i.test(name)) continue;
    const first = name.replace(/-\d{5}(-of-\d{5}\.gguf)$/i, "-00001$1");
    models.set(first, (models.get(first) ?? 0) + byteLength);
  }
  return models;
}

/** A URL of the Hugging Face hub, and the repository that it names, by which that is kept. */
const hubUrl = /^https:\/\/(?:www\.)?(?:huggingface\.co|hf\.co)\/([^/]+\/[^/?#]+)/;

/** Whether removing what is kept at one address takes files of what was loaded from another. */
export function isPartOf(address: string, kept: string): boolean {
  const loaded = hubUrl.exec(address)?.[1] ?? address;
  const bare = (url: string): string =>
    url.replace(/[?#].*$/, "").replace(/\/(model\.safetensors(\.index\.json)?)?$/, "");
  if (loaded.includes("://")) return bare(loaded) === bare(kept);
  return loaded.split(":")[0] === kept.split(":")[0];
}
