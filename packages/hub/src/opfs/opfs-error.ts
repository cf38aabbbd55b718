import { HubError } from "../hub-error.ts";
import { size } from "../selection/choice-list.ts";

/** What people can do when a browser lets no more be stored. */
export const roomAdvice =
  "Remove other models (listModels, removeModel), free the disk, or let the browser keep this site's data.";

/** What a browser's file system threw, as an error that says what to do; anything else as it is. */
export function opfsError(error: unknown, what: string): unknown {
  if (!(error instanceof DOMException) || error.name === "AbortError") return error;
  if (isQuotaExceeded(error)) {
    const message = `The browser stores no more, not even ${what}. ${roomAdvice}`;
    return new HubError({ code: "HUB_DISK_FULL", message, cause: error });
  }
  return new HubError({
    code: "HUB_CACHE_FAILED",
    message: `The browser's storage fails at ${what}: ${error.name}, ${error.message}`,
    cause: error,
  });
}

export function isQuotaExceeded(error: unknown): boolean {
  return error instanceof DOMException && error.name === "QuotaExceededError";
}

/**
 * The browser lets no more be stored.
 *
 * @param expected - bytes that are still to come.
 * @param actual - bytes that there is room for.
 */
export function quotaError(file: string, expected: number, actual: number, cause: unknown): HubError {
  const missing = Math.max(expected - actual, 0);
  return new HubError({
    code: "HUB_DISK_FULL",
    message:
      `The browser stores no more: ${size(expected)} of ${file} are still to come, and it says that there is room ` +
      `for ${size(actual)}${missing > 0 ? `, so ${size(missing)} are missing` : ""}. What has arrived is kept. ${roomAdvice}`,
    file,
    expected,
    actual,
    cause,
  });
}

/** Undefined where there is no such file or folder. */
export async function ifThere<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotFoundError") return undefined;
    throw error;
  }
}
