import { HubError, quote } from "./hub-error.ts";

/**
 * Refuses a name that would lead out of a folder, on any system: names come from a repository, and anybody
 * may have written it.
 *
 * @returns the name.
 * @throws {HubError} `HUB_FILE_NAME_UNSAFE`
 */
export function requireSafeName(name: string, model?: string): string {
  const isSafe = name.split("/").every((part) => isPlain(part));
  if (isSafe) return name;
  throw new HubError({
    code: "HUB_FILE_NAME_UNSAFE",
    message:
      `The name ${quote(name)} could lead out of the cache, so the file is not downloaded. ` +
      `Nobody names a model's files like that by accident: think twice about this model.`,
    model,
    file: name,
    expected: "folders and a file below the repository's root",
    actual: name,
  });
}

/** One path segment on every system: no separator, drive, stream or control character, and no way up. */
function isPlain(part: string): boolean {
  return /^[^/\\:*?"<>|\u0000-\u001f]{1,255}$/.test(part) && part !== "." && part !== "..";
}
