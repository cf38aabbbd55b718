import { ifThere } from "./disk-error.ts";
import { filesBelow } from "./files-below.ts";
import { nodeModules } from "./node.ts";
import { PARTIAL_SUFFIX } from "./partial-file.ts";

/**
 * Removes names of a commit, and the contents that only they named. A commit without names loses its refs,
 * and a model without commits its folder.
 *
 * @param folder - the model's.
 * @returns bytes freed
 */
export async function removeFiles(folder: string, commit: string, names: readonly string[]): Promise<number> {
  const { fs, path } = nodeModules();
  const removed = await inodes(names);
  for (const name of names) await fs.rm(name, { force: true });

  const snapshots = path.join(folder, "snapshots");
  const left = (await filesBelow(snapshots)).map((name) => path.join(snapshots, name));
  if (left.length === 0) return await removeFolder(folder);
  const isGone = !left.some((name) => name.startsWith(path.join(snapshots, commit) + path.sep));
  if (isGone) await forgetCommit(folder, commit);

  const used = await inodes(left);
  let freed = 0;
  const blobs = path.join(folder, "blobs");
  for (const name of (await filesBelow(blobs)).map((name) => path.join(blobs, name))) {
    const stats = await ifThere(fs.stat(name, { bigint: true }));
    if (stats === undefined || !removed.has(stats.ino) || used.has(stats.ino)) continue;
    await fs.rm(name);
    freed += Number(stats.size);
  }
  return freed;
}

/** @returns bytes freed: each content once, whatever its names. */
export async function removeFolder(folder: string): Promise<number> {
  const { fs, path } = nodeModules();
  const sizes = new Map<bigint, bigint>();
  for (const name of await filesBelow(folder)) {
    const stats = await ifThere(fs.stat(path.join(folder, name), { bigint: true }));
    // Of a sparse file only what lies on disk.
    if (stats !== undefined)
      sizes.set(stats.ino, name.endsWith(PARTIAL_SUFFIX) ? stats.blocks * 512n : stats.size);
  }
  await fs.rm(folder, { recursive: true, force: true });
  return Number([...sizes.values()].reduce((sum, size) => sum + size, 0n));
}

async function forgetCommit(folder: string, commit: string): Promise<void> {
  const { fs, path } = nodeModules();
  await fs.rm(path.join(folder, "snapshots", commit), { recursive: true, force: true });
  const refs = path.join(folder, "refs");
  for (const name of await filesBelow(refs)) {
    const ref = path.join(refs, name);
    if ((await fs.readFile(ref, "utf8")).trim() === commit) await fs.rm(ref);
  }
}

/** What the names stand for, links followed. */
async function inodes(names: readonly string[]): Promise<Set<bigint>> {
  const { fs } = nodeModules();
  const stats = await Promise.all(names.map((name) => ifThere(fs.stat(name, { bigint: true }))));
  return new Set(stats.flatMap((it) => (it === undefined ? [] : [it.ino])));
}
