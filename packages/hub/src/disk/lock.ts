import { pause } from "@krait/tensor";
import { errorCode, ifThere } from "./disk-error.ts";
import { nodeModules } from "./node.ts";

/** What a lock file says of its holder. */
interface Holder {
  readonly key: string;
  readonly pid: number;
  /** Host and process namespace: where the pid means something. */
  readonly host: string;
}

/** How often the holder shows that it is alive, by the file's time. */
const HEARTBEAT = 1000;

/** Without a heartbeat for so long the holder is dead, wherever it was. */
const STALE = 10_000;

const POLL = 200;

/**
 * Takes a lock file, and waits while a living process holds it. That of a dead process is taken over: at
 * once where its pid can be asked for, else when its heartbeat has stopped.
 *
 * The lock saves double work, and no more: that a cached file is right rests on its checksum and on renaming
 * it into place, also if two processes should ever hold the same lock.
 *
 * @param onWait - called now and then while another holds it.
 * @throws the signal's reason when aborted.
 */
export async function takeLock(
  path: string,
  onWait: () => Promise<void>,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const { fs, pid } = nodeModules();
  const holder: Holder = { key: crypto.randomUUID(), pid, host: await hostName() };
  for (;;) {
    signal.throwIfAborted();
    if (await create(path, holder)) break;
    if (await takeOver(path, holder.host)) continue;
    await onWait();
    await pause(POLL, signal);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    fs.utimes(path, now, now).catch(() => {});
  }, HEARTBEAT);
  heartbeat.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(heartbeat);
      if ((await readHolder(path))?.key === holder.key) await fs.rm(path, { force: true });
    },
  };
}

/** @returns whether there was none before */
async function create(path: string, holder: Holder): Promise<boolean> {
  const { fs } = nodeModules();
  try {
    await fs.writeFile(path, JSON.stringify(holder), { flag: "wx" });
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Removes the lock of a dead process. @returns whether there is none now, as far as one can know */
async function takeOver(path: string, host: string): Promise<boolean> {
  const { fs, isAlive } = nodeModules();
  const [seen, stats] = await Promise.all([readHolder(path), ifThere(fs.stat(path))]);
  if (stats === undefined) return true;
  const isDead = seen?.host === host && !isAlive(seen.pid);
  if (!isDead && Date.now() - stats.mtimeMs < STALE) return false;
  // Renaming it aside is for one process only. If by now it is somebody's new lock, that one gets it back.
  const grave = `${path}.${crypto.randomUUID()}`;
  if ((await ifThere(fs.rename(path, grave).then(() => true))) === undefined) return true;
  if ((await readHolder(grave))?.key !== seen?.key) await fs.link(grave, path).catch(() => {});
  await fs.rm(grave, { force: true });
  return true;
}

async function readHolder(path: string): Promise<Holder | undefined> {
  const { fs } = nodeModules();
  try {
    return JSON.parse(await fs.readFile(path, "utf8"));
  } catch {
    return undefined; // gone, or not written yet
  }
}

/** Containers share host names, but not process namespaces. */
async function hostName(): Promise<string> {
  const { fs, os } = nodeModules();
  const namespace = await fs.readlink("/proc/self/ns/pid").catch(() => "");
  return `${os.hostname()} ${namespace}`.trim();
}
