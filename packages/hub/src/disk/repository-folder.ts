import { requireSafeName } from "../safe-path.ts";
import type { HubFile, StoredModel } from "../storage.ts";
import { diskError, ifThere } from "./disk-error.ts";
import { filesBelow } from "./files-below.ts";
import { finishedBytes, readJournal } from "./journal.ts";
import { linkFile } from "./link-file.ts";
import { takeLock } from "./lock.ts";
import { nodeModules } from "./node.ts";
import { openPartialFile, PARTIAL_SUFFIX, type PartialPaths } from "./partial-file.ts";
import { removeFiles, removeFolder } from "./remove-files.ts";

/** One model's folder of the cache. */
export function repositoryFolder(folder: string, locks: string): StoredModel {
  const { fs, path } = nodeModules();
  const contentOf = ({ digest }: HubFile): string => path.join(folder, "blobs", requireSafeName(digest.hex));
  const pathOf = (commit: string, name?: string): string => {
    const snapshot = path.join(folder, "snapshots", requireSafeName(commit));
    return name === undefined ? snapshot : path.join(snapshot, requireSafeName(name));
  };
  const partialPaths = (file: HubFile): PartialPaths => {
    const content = contentOf(file);
    return { content, partial: `${content}${PARTIAL_SUFFIX}`, journal: `${content}.krait-journal` };
  };
  const statOf = (file: string) => ifThere(fs.stat(file));
  const makeFolder = (name: string) => fs.mkdir(name, { recursive: true }).catch(fail(name));

  return {
    path: pathOf,
    blobs: async () => undefined,
    async refs() {
      const refs = path.join(folder, "refs");
      const entries = (await filesBelow(refs)).map(
        async (name) => [name, (await fs.readFile(path.join(refs, name), "utf8")).trim()] as const,
      );
      return new Map(await Promise.all(entries));
    },
    async setRef(revision, commit) {
      const file = path.join(folder, "refs", requireSafeName(revision));
      const draft = path.join(folder, `ref.${crypto.randomUUID()}`);
      await makeFolder(path.dirname(file));
      await fs.writeFile(draft, commit).catch(fail(draft));
      await fs.rename(draft, file).catch(fail(file));
    },
    async commits() {
      return ((await ifThere(fs.readdir(path.join(folder, "snapshots")))) ?? []).sort();
    },
    async files(commit) {
      const entries = (await filesBelow(pathOf(commit))).map(async (name) => {
        const stats = await statOf(path.join(pathOf(commit), name));
        return stats && ([name, { byteLength: stats.size, lastUsed: stats.atime }] as const);
      });
      return new Map((await Promise.all(entries)).filter((entry) => entry !== undefined));
    },
    async read(commit, name) {
      return await fs.readFile(pathOf(commit, name)).catch(fail(pathOf(commit, name)));
    },

    async has(file) {
      return (await statOf(contentOf(file)))?.size === file.byteLength;
    },
    async place(commit, file) {
      const link = pathOf(commit, file.name);
      await linkFile(contentOf(file), link).catch(fail(link));
    },
    async finishedBytes(file) {
      const { partial, journal } = partialPaths(file);
      if ((await statOf(partial))?.size !== file.byteLength) return 0;
      const read = await readJournal(journal, file.byteLength);
      return read === undefined ? 0 : finishedBytes(read);
    },
    async unfinished() {
      const blobs = path.join(folder, "blobs");
      const names = (await filesBelow(blobs)).filter((name) => name.endsWith(PARTIAL_SUFFIX));
      const all = await Promise.all(names.map((name) => statOf(path.join(blobs, name))));
      const stats = all.filter((it) => it !== undefined);
      if (stats.length === 0) return undefined;
      return {
        // They are sparse: what counts is what lies on disk.
        byteLength: stats.reduce((sum, { blocks }) => sum + blocks * 512, 0),
        lastUsed: new Date(Math.max(...stats.map(({ mtimeMs }) => mtimeMs))),
      };
    },
    async openPartial(file, pieceBytes) {
      const paths = partialPaths(file);
      await makeFolder(path.dirname(paths.content));
      return await openPartialFile(paths, file.byteLength, pieceBytes);
    },
    async lock(file, onWait, signal) {
      const lock = path.join(locks, `${requireSafeName(file.digest.hex)}.krait.lock`);
      await makeFolder(locks);
      return await takeLock(lock, onWait, signal).catch(fail(lock));
    },

    async touch(commit, names) {
      const now = new Date();
      for (const name of names) {
        const file = pathOf(commit, name);
        const stats = await statOf(file);
        // A cache that may only be read serves as well.
        if (stats !== undefined) await fs.utimes(file, now, stats.mtime).catch(() => {});
      }
    },
    async remove(commit, names) {
      const paths = names.map((name) => pathOf(commit, name));
      return await removeFiles(folder, commit, paths).catch(fail(folder));
    },
    async removeAll() {
      await fs.rm(locks, { recursive: true, force: true }).catch(fail(locks));
      return await removeFolder(folder).catch(fail(folder));
    },
  };
}

function fail(path: string): (error: unknown) => never {
  return (error) => {
    throw diskError(error, path);
  };
}
