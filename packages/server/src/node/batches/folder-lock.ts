import { open, readFile, realpath, rm } from "node:fs/promises";
import { join } from "node:path";

/** Another server that runs keeps its batches in this folder. */
export class FolderInUseError extends Error {
  readonly code = "BATCHES_IN_USE";
  readonly folder: string;
  readonly pid: number;

  constructor(folder: string, pid: number) {
    super(`The process ${pid} keeps its batches in ${folder}. Give another folder, or share a Redis.`);
    this.name = "FolderInUseError";
    this.folder = folder;
    this.pid = pid;
  }
}

/** Paths of the locks that this process has. */
const held = new Set<string>();

/**
 * Takes a folder for this process; a lock whose process has died is taken over. A process is known by its
 * number and, where that can be told, by when it started: in a container that starts again the number is
 * the same each time.
 *
 * @throws {FolderInUseError} while another process has it, or this one.
 */
export async function lockFolder(folder: string): Promise<AsyncDisposable> {
  const path = join(await realpath(folder), "lock");
  for (;;) {
    try {
      const file = await open(path, "wx");
      await file.writeFile(`${process.pid} ${(await startOf(process.pid)) ?? ""}`);
      await file.close();
      held.add(path);
      return {
        async [Symbol.asyncDispose]() {
          held.delete(path);
          await rm(path, { force: true });
        },
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const [pid, start] = (await readFile(path, "utf8").catch(() => "")).split(" ");
    if (await isHolder(path, Number(pid), start || undefined))
      throw new FolderInUseError(folder, Number(pid));
    await rm(path, { force: true });
  }
}

async function isHolder(path: string, pid: number, start: string | undefined): Promise<boolean> {
  if (!(pid > 0)) return false;
  if (pid === process.pid) return held.has(path);
  if (!isRunning(pid)) return false;
  const now = start === undefined ? undefined : await startOf(pid);
  return now === undefined || now === start;
}

/** When a process started, in ticks since the machine did; undefined where `/proc` does not say. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The name, in parentheses, may hold spaces; of the fields behind it this is the twentieth.
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
