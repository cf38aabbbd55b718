import { HubError } from "../hub-error.ts";

/** What the disk threw, with the path; anything else as it is. */
export function diskError(error: unknown, path: string): unknown {
  if (!(error instanceof Error && "syscall" in error)) return error;
  const isFull = errorCode(error) === "ENOSPC";
  return new HubError({
    code: isFull ? "HUB_DISK_FULL" : "HUB_CACHE_FAILED",
    message: isFull
      ? `The disk of the models' cache is full: ${path} could not be written. What has arrived is kept; make room and try again.`
      : `The models' cache fails at ${path}: ${error.message}.`,
    cause: error,
  });
}

export function errorCode(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}

/** Undefined where there is no such file or folder. */
export async function ifThere<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}
