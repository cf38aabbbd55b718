import { HubError } from "../hub-error.ts";
import type { HubFile, StoredModel } from "../storage.ts";
import type { Contents } from "./content.ts";
import type { IndexedFile, ModelIndex, ModelIndices } from "./model-index.ts";
import { opfsError } from "./opfs-error.ts";
import { openPartialContent, partialFailed } from "./partial-content.ts";
import { takeWebLock } from "./web-lock.ts";

/** What all models of a storage have in common. */
export interface OpfsPlace {
  readonly location: string;
  readonly contents: Contents;
  readonly indices: ModelIndices;
  freeBytes(): Promise<number>;
}

/** One model in a browser's private file system. */
export function opfsModel({ location, contents, indices, freeBytes }: OpfsPlace, id: string): StoredModel {
  const filesOf = async (commit: string): Promise<Readonly<Record<string, IndexedFile>>> =>
    (await indices.read(id)).commits[commit] ?? {};
  const path = (commit: string, name?: string): string =>
    [location, id, commit, ...(name === undefined ? [] : [name])].join("/");

  const change = async (edit: (index: ModelIndex) => void): Promise<void> =>
    await indices.change(id, edit).catch((error) => {
      throw opfsError(error, `the index of "${id}"`);
    });

  async function blob(commit: string, name: string): Promise<Blob> {
    const digest = (await filesOf(commit))[name]?.digest;
    const found = digest === undefined ? undefined : await contents.blob(digest);
    if (found !== undefined) return found;
    throw new HubError({
      code: "HUB_CACHE_FAILED",
      message: `${path(commit, name)} is gone, as the browser or another page has removed it. Pull the model again.`,
      model: id,
      file: name,
    });
  }

  /** Removes the contents that nobody has a name for. @returns bytes freed */
  const removeUnused = async (): Promise<number> =>
    await indices.withUsed(async (used) => {
      let freed = 0;
      for (const digest of await contents.digests()) {
        if (!used.has(digest)) freed += await contents.remove(digest);
      }
      return freed;
    });

  return {
    path,
    refs: async () => new Map(Object.entries((await indices.read(id)).refs)),
    setRef: (revision, commit) =>
      change(({ refs }) => {
        refs[revision] = commit;
      }),
    commits: async () => Object.keys((await indices.read(id)).commits).sort(),
    async files(commit) {
      const entries = Object.entries(await filesOf(commit));
      return new Map(
        entries.map(([name, { byteLength, lastUsed }]) => [
          name,
          { byteLength, lastUsed: new Date(lastUsed) },
        ]),
      );
    },
    read: async (commit, name) => new Uint8Array(await (await blob(commit, name)).arrayBuffer()),
    async blobs(commit, names) {
      const entries = names.map(async (name) => [name, await blob(commit, name)] as const);
      return new Map(await Promise.all(entries));
    },

    has: async ({ digest, byteLength }) => (await contents.blob(digest.hex))?.size === byteLength,
    async place(commit, { name, digest, byteLength }) {
      await change(({ commits, partial }) => {
        commits[commit] ??= {};
        commits[commit][name] = { digest: digest.hex, byteLength, lastUsed: Date.now() };
        delete partial[digest.hex];
      });
    },
    async finishedBytes({ digest, byteLength }) {
      const head = await contents.head(digest.hex);
      return head?.byteLength === byteLength ? await contents.storedBytes(digest.hex) : 0;
    },
    async unfinished() {
      const begun = Object.entries((await indices.read(id)).partial);
      if (begun.length === 0) return undefined;
      const bytes = await Promise.all(begun.map(([digest]) => contents.storedBytes(digest)));
      return {
        byteLength: bytes.reduce((sum, it) => sum + it, 0),
        lastUsed: new Date(Math.max(...begun.map(([, at]) => at))),
      };
    },
    async openPartial(file: HubFile, pieceBytes) {
      const begin = ({ partial }: ModelIndex): void => {
        partial[file.digest.hex] = Date.now();
      };
      await indices.change(id, begin).catch((error) => partialFailed(contents, file, freeBytes, error));
      return await openPartialContent(contents, file, pieceBytes, freeBytes);
    },
    lock: (file, onWait, signal) => takeWebLock(`${location}/${file.digest.hex}`, onWait, signal),

    async touch(commit, names) {
      const use = ({ commits }: ModelIndex): void => {
        const files = commits[commit] ?? {};
        for (const name of names) {
          const file = files[name];
          if (file !== undefined) files[name] = { ...file, lastUsed: Date.now() };
        }
      };
      // A storage that takes no more serves as well.
      await indices.change(id, use).catch(() => {});
    },
    async remove(commit, names) {
      await change(({ refs, commits }) => {
        const files = commits[commit] ?? {};
        for (const name of names) delete files[name];
        if (Object.keys(files).length > 0) return;
        delete commits[commit];
        for (const [revision, target] of Object.entries(refs)) if (target === commit) delete refs[revision];
      });
      return await removeUnused();
    },
    async removeAll() {
      await change(({ commits, partial }) => {
        for (const commit of Object.keys(commits)) delete commits[commit];
        for (const digest of Object.keys(partial)) delete partial[digest];
      });
      return await removeUnused();
    },
  };
}
