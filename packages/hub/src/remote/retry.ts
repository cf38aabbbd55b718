/** How often to try again, and when. */
export interface RetryPolicy {
  /** Failures in a row after which to give up. */
  readonly retries: number;
  /** Milliseconds before the second try; doubled for each one after it. */
  readonly delay: number;
}

/** A failure that may pass: a cut connection, a server that is busy or broken for now. */
export class TransientError extends Error {
  /** Milliseconds that the server asked to wait. */
  readonly retryAfter: number | undefined;
  /** The status that the server answered with, if it did. */
  readonly status: number | undefined;

  constructor(
    message: string,
    { retryAfter, status, cause }: { retryAfter?: number | undefined; status?: number; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.retryAfter = retryAfter;
    this.status = status;
  }
}

const LONGEST_DELAY = 30_000;

/** Longer waits than this, which a server may ask for, are for people to decide about. */
const LONGEST_RETRY_AFTER = 120_000;

/**
 * Waits before the next try, with some chance in it so that many clients do not come back at once.
 *
 * @param failures - in a row, this one included.
 * @throws the error itself when it is no {@link TransientError} or it is time to give up; the signal's
 *   reason when aborted.
 */
export async function waitForRetry(
  error: unknown,
  failures: number,
  { retries, delay }: RetryPolicy,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  if (!(error instanceof TransientError) || failures > retries) throw error;
  const { retryAfter = 0 } = error;
  if (retryAfter > LONGEST_RETRY_AFTER) throw error;
  const backoff = Math.min(delay * 2 ** (failures - 1), LONGEST_DELAY) * (0.5 + Math.random() / 2);
  await pause(Math.max(backoff, retryAfter), signal);
}

/** @throws the signal's reason when aborted. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
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

/** Milliseconds that `Retry-After` asks for: seconds, or a date. */
export function retryAfterOf(headers: Headers, now: number = Date.now()): number | undefined {
  const value = headers.get("retry-after")?.trim();
  if (value === undefined || value === "") return undefined;
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}
