import { type RetryPolicy, waitToRetry } from "@krait/tensor";
import { WeightError } from "../weight-error.ts";
import type { ByteRange } from "./byte-source.ts";
import type { Fetch } from "./http-request.ts";

/** How a server is asked, and how often. */
export interface HttpAccess {
  readonly fetch: Fetch;
  readonly retry: RetryPolicy;
}

/** A try that brings less than this share of a range counts as a failure, so that there is an end to them. */
const LEAST_SHARE = 1 / 64;

/**
 * The bytes of a range as they come. A connection that is cut is taken up where it ended, at once if it brought a
 * fair part of them.
 *
 * @param open - asks for the bytes of a range.
 * @throws what the last try threw; what cannot pass, at once; the signal's reason when aborted.
 */
export async function* resumed(
  open: (range: ByteRange) => AsyncIterable<Uint8Array>,
  { start, end }: ByteRange,
  { retry }: HttpAccess,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  let position = start;
  for (let failures = 0; ; ) {
    const before = position;
    try {
      for await (const chunk of open({ start: position, end })) {
        position += chunk.byteLength;
        yield chunk;
      }
      return;
    } catch (error) {
      failures = position - before >= (end - start) * LEAST_SHARE ? 0 : failures + 1;
      await waitFor(error, failures, retry, signal);
    }
  }
}

/** Something whole from a server, tried again while what stops it may pass. */
export async function retried<T>(
  task: () => Promise<T>,
  { retry }: HttpAccess,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await task();
    } catch (error) {
      await waitFor(error, failures, retry, signal);
    }
  }
}

/** @throws the error when it cannot pass, or it is time to give up. */
async function waitFor(
  error: unknown,
  failures: number,
  retry: RetryPolicy,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const isTransient = error instanceof WeightError && mayPass(error);
  if (!isTransient || !(await waitToRetry(failures, retry, { signal }))) throw error;
}

/** A connection that is cut, and a server that is busy or broken for now. */
function mayPass({ code, actual }: WeightError): boolean {
  if (code === "WEIGHT_HTTP_STATUS") {
    return typeof actual === "number" && (actual >= 500 || [408, 425, 429].includes(actual));
  }
  return code === "WEIGHT_READ_FAILED" || code === "WEIGHT_FILE_TRUNCATED";
}
