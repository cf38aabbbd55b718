import { open, readFile, rm } from "node:fs/promises";
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

/**
 * Takes a folder for this process; a lock whose process has died is taken over.
 *
 * @throws {FolderInUseError} while another process has it.
 */
export async function lockFolder(folder: string): Promise<AsyncDisposable> {
  const path = join(folder, "lock");
  for (;;) {
    try {
      const file = await open(path, "wx");
      await file.writeFile(String(process.pid));
      await file.close();
      return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const pid = Number(await readFile(path, "utf8").catch(() => ""));
    if (pid > 0 && isRunning(pid)) throw new FolderInUseError(folder, pid);
    await rm(path, { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
