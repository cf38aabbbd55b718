import { type RetryPolicy, waitToRetry } from "@krait/tensor";

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

/**
 * Waits before the next try.
 *
 * @param failures - in a row, this one included.
 * @throws the error itself when it is no {@link TransientError} or it is time to give up; the signal's
 *   reason when aborted.
 */
export async function waitForRetry(
  error: unknown,
  failures: number,
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const isTransient = error instanceof TransientError;
  if (!isTransient || !(await waitToRetry(failures, policy, { retryAfter: error.retryAfter, signal }))) {
    throw error;
  }
}

/** Milliseconds that `Retry-After` asks for: seconds, or a date. */
export function retryAfterOf(headers: Headers, now: number = Date.now()): number | undefined {
  const value = headers.get("retry-after")?.trim();
  if (value === undefined || value === "") return undefined;
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}
