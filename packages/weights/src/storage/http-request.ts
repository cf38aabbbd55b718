import { WeightError } from "../weight-error.ts";
import { type ByteRange, readFailed } from "./byte-source.ts";

export type Fetch = typeof globalThis.fetch;

/** One GET, of a range or of the whole. A failure of the network is a {@link WeightError}. */
export async function request(
  url: URL,
  fetch: Fetch,
  range: ByteRange | undefined,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const headers: Record<string, string> = range ? { range: `bytes=${range.start}-${range.end - 1}` } : {};
  try {
    return await fetch(url, { headers, signal: signal ?? null });
  } catch (error) {
    signal?.throwIfAborted();
    throw readFailed(urlName(url), error);
  }
}

/**
 * Development servers answer a missing file with their start page and status 200, so a page of HTML
 * in place of another file counts as missing.
 */
export function isMissing(response: Response, url: URL): boolean {
  if (response.status === 404 || response.status === 410) return true;
  const isPage = response.headers.get("content-type")?.startsWith("text/html") ?? false;
  return response.status === 200 && isPage && !url.pathname.endsWith(".html");
}

/**
 * Checks that the answer is the range that was asked for, as far as the file reaches.
 *
 * @param byteLength - the size that the file must have.
 * @returns that size.
 */
export async function checkRange(
  response: Response,
  name: string,
  asked: ByteRange,
  byteLength: number | undefined,
): Promise<number> {
  if (response.status !== 206) return await refuse(response, unexpectedStatus(name, 206, response));
  const actual = response.headers.get("content-range");
  const end = Math.min(asked.end, byteLength ?? asked.end);
  const expected = `bytes ${asked.start}-${end - 1}/${byteLength ?? "(its size)"}`;
  if (byteLength !== undefined && actual === expected) return byteLength;
  return await refuse(response, wrongRange(name, expected, actual));
}

/** The size of the whole file according to `Content-Range: bytes 0-99/1234`. */
export function rangeTotal(response: Response): number | undefined {
  const total = Number(/\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1] ?? Number.NaN);
  return Number.isSafeInteger(total) ? total : undefined;
}

/** Lets go of the connection. */
export async function discard(response: Response): Promise<undefined> {
  await response.body?.cancel().catch(() => {});
}

/** Lets go of the connection, then throws. */
export async function refuse(response: Response, error: WeightError): Promise<never> {
  await discard(response);
  throw error;
}

export function unexpectedStatus(name: string, expected: number, response: Response): WeightError {
  return new WeightError({
    code: "WEIGHT_HTTP_STATUS",
    message: `The server of ${name} answered ${response.status} ${response.statusText} instead of ${expected}.`,
    file: name,
    expected,
    actual: response.status,
  });
}

function wrongRange(name: string, expected: string, actual: string | null): WeightError {
  const advice =
    actual === null
      ? "If it is of another origin, it must send Access-Control-Expose-Headers: Content-Range."
      : "The file may have changed since it was opened, or something between may be at fault.";
  return new WeightError({
    code: "WEIGHT_RANGE_INVALID",
    message: `The server of ${name} answered with Content-Range "${actual ?? ""}" instead of "${expected}". ${advice}`,
    file: name,
    expected,
    actual,
  });
}

/** A URL for messages: without user, query and fragment, which may hold secrets. */
export function urlName(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
