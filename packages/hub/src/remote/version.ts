/**
 * What tells one version of a file at a URL from another: its strong ETag, or else when it was last modified;
 * undefined where a server says neither, or does not let this origin's pages read it.
 */
export function versionOf({ headers }: Response): string | undefined {
  const etag = headers.get("etag");
  const isStrong = etag !== null && !etag.startsWith("W/");
  return (isStrong ? etag : headers.get("last-modified")) ?? undefined;
}
