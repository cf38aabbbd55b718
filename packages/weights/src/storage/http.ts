import { WeightError } from "../weight-error.ts";
import { blobSource } from "./blobs.ts";
import {
  type ByteRange,
  type ByteSource,
  type FileSet,
  MAX_WHOLE_FILE_BYTES,
  tooLargeToHold,
} from "./byte-source.ts";
import {
  checkRange,
  discard,
  isMissing,
  rangeTotal,
  refuse,
  request,
  unexpectedStatus,
  urlName,
} from "./http-request.ts";
import { type HttpAccess, resumed, retried } from "./http-retry.ts";
import { readAhead } from "./read-ahead.ts";
import { bodyChunks, checkedLength, holdBody, regroup } from "./response-body.ts";

/** The first request brings this much of a file: with luck, its whole header. */
const HEAD_BYTES = 64 * 1024;

/** Without Range requests a file can only be held whole, which is tolerable up to this size. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;

/** The files below a base URL that ends in a slash. A query, such as a signature, is sent with each. */
export function urlFiles(base: URL, access: HttpAccess): FileSet {
  const resolve = (name: string): URL => {
    const url = new URL(encodeURIComponent(name), base);
    url.search = base.search;
    return url;
  };
  return {
    location: urlName(base),
    nameOf: (name) => urlName(resolve(name)),
    open: (name, signal) => retried(() => openUrl(resolve(name), access, signal), access, signal),
    read: (name, signal) => retried(() => fetchWhole(resolve(name), access, signal), access, signal),
  };
}

/** A file on a server, read by Range requests; undefined when there is none. */
async function openUrl(
  url: URL,
  access: HttpAccess,
  signal: AbortSignal | undefined,
): Promise<ByteSource | undefined> {
  const name = urlName(url);
  const asked = { start: 0, end: HEAD_BYTES };
  const response = await request(url, access.fetch, asked, signal);
  if (isMissing(response, url)) return await discard(response);
  if (response.status === 200) {
    const tooLarge = (byteLength: number): WeightError => ignoresRange(name, byteLength);
    return blobSource(await holdBody(response, name, MAX_HELD_BYTES, tooLarge, signal), name);
  }
  if (response.status === 416 && rangeTotal(response) === 0) {
    await discard(response);
    return blobSource(new Blob(), name);
  }
  const byteLength = await checkRange(response, name, asked, rangeTotal(response));
  const headBytes = Math.min(HEAD_BYTES, byteLength);
  const pieces = regroup(bodyChunks(response, name, signal), headBytes, headBytes, name);
  let head = new Uint8Array();
  for await (const piece of pieces) head = piece;
  return readAhead(rangeSource(url, access, { byteLength, etag: strongETag(response) }), head);
}

function rangeSource(
  url: URL,
  access: HttpAccess,
  opened: { byteLength: number; etag: string | undefined },
): ByteSource {
  const name = urlName(url);
  async function* chunks(range: ByteRange, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    const response = await request(url, access.fetch, range, signal);
    if (response.status === 200) await refuse(response, ignoresRange(name));
    await checkRange(response, name, range, opened.byteLength);
    const etag = strongETag(response);
    if (etag !== undefined && opened.etag !== undefined && etag !== opened.etag) {
      await refuse(response, changed(name, opened.etag, etag));
    }
    yield* checkedLength(bodyChunks(response, name, signal), range.end - range.start, name);
  }
  return {
    name,
    byteLength: opened.byteLength,
    async *pieces(range, pieceByteLength, signal) {
      const all = resumed((rest) => chunks(rest, signal), range, access, signal);
      yield* regroup(all, range.end - range.start, pieceByteLength, name);
    },
  };
}

/** A small file in one plain request, which servers may compress. */
async function fetchWhole(
  url: URL,
  { fetch }: HttpAccess,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const name = urlName(url);
  const response = await request(url, fetch, undefined, signal);
  if (isMissing(response, url)) return await discard(response);
  if (response.status !== 200) await refuse(response, unexpectedStatus(name, 200, response));
  const tooLarge = (bytes: number): WeightError => tooLargeToHold(name, "All", bytes, MAX_WHOLE_FILE_BYTES);
  const body = await holdBody(response, name, MAX_WHOLE_FILE_BYTES, tooLarge, signal);
  return new Uint8Array(await body.arrayBuffer());
}

/** A weak tag may differ between two equal answers, so it proves nothing. */
function strongETag(response: Response): string | undefined {
  const etag = response.headers.get("etag");
  return etag === null || etag.startsWith("W/") ? undefined : etag;
}

function ignoresRange(name: string, byteLength?: number): WeightError {
  const size = byteLength === undefined ? "" : ` (${byteLength} bytes or more, at most ${MAX_HELD_BYTES})`;
  return new WeightError({
    code: "WEIGHT_RANGE_UNSUPPORTED",
    message:
      `The server of ${name} ignores Range requests, and the file is too large to be held in memory${size}. ` +
      `Serve it with Range support, or give the file as a Blob.`,
    file: name,
    expected: 206,
    actual: 200,
  });
}

function changed(name: string, expected: string, actual: string): WeightError {
  return new WeightError({
    code: "WEIGHT_FILE_CHANGED",
    message: `${name} has changed since it was opened: its ETag was ${expected} and is ${actual}. Open it again.`,
    file: name,
    expected,
    actual,
  });
}
