import { WeightError } from "../weight-error.ts";
import type { ByteRange } from "./byte-source.ts";
import type { Fetch } from "./http-request.ts";

/** How a server is asked, and how often. */
export interface HttpAccess {
  readonly fetch: Fetch;
  /** Failures in a row after which to give up. */
  readonly retries: number;
  /** Milliseconds before the first repetition, doubled for each one after it. */
  readonly retryDelay: number;
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
  { retries, retryDelay }: HttpAccess,
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
      await waitFor(error, failures, retries, retryDelay, signal);
    }
  }
}

/** Something whole from a server, tried again while what stops it may pass. */
export async function retried<T>(
  task: () => Promise<T>,
  { retries, retryDelay }: HttpAccess,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await task();
    } catch (error) {
      await waitFor(error, failures, retries, retryDelay, signal);
    }
  }
}

/** @throws the error when it cannot pass, or it is time to give up. */
async function waitFor(
  error: unknown,
  failures: number,
  retries: number,
  delay: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  if (!(error instanceof WeightError) || !mayPass(error) || failures > retries) throw error;
  if (failures > 0) await pause(delay * 2 ** (failures - 1), signal);
}

/** A connection that is cut, and a server that is busy or broken for now. */
function mayPass({ code, actual }: WeightError): boolean {
  if (code === "WEIGHT_HTTP_STATUS") {
    return typeof actual === "number" && (actual >= 500 || [408, 425, 429].includes(actual));
  }
  return code === "WEIGHT_READ_FAILED" || code === "WEIGHT_FILE_TRUNCATED";
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
