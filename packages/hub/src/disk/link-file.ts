import { errorCode, ifThere } from "./disk-error.ts";
import { nodeModules } from "./node.ts";

/**
 * Gives a content a second name: a relative symbolic link, so that the cache can be moved; where the system
 * allows none, as Windows may, a hard link, and as a last resort a copy.
 */
export async function linkFile(content: string, link: string): Promise<void> {
  const { fs, path } = nodeModules();
  const folder = path.dirname(link);
  if (await isSameFile(content, link)) return;
  await fs.mkdir(folder, { recursive: true });
  // Made beside it and renamed into place: another process may be reading the old one.
  const draft = path.join(folder, `.${crypto.randomUUID()}`);
  try {
    await fs.symlink(path.relative(folder, content), draft);
  } catch (error) {
    if (errorCode(error) !== "EPERM" && errorCode(error) !== "ENOTSUP") throw error;
    await fs.link(content, draft).catch(() => fs.copyFile(content, draft));
  }
  await fs.rename(draft, link);
}

async function isSameFile(content: string, link: string): Promise<boolean> {
  const { fs } = nodeModules();
  const [a, b] = await Promise.all([content, link].map((file) => ifThere(fs.stat(file, { bigint: true }))));
  return a !== undefined && a.ino === b?.ino && a.dev === b.dev;
}
