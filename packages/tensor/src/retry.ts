/** How often to try again what failed, and when. */
export interface RetryPolicy {
  /** Failures in a row after which to give up. */
  readonly retries: number;
  /** Milliseconds before the second try; doubled for each one after it. */
  readonly delay: number;
}

export interface RetryWait {
  /** Milliseconds that a server asked to wait. */
  readonly retryAfter?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const LONGEST_DELAY = 30_000;

/** Longer waits than this, which a server may ask for, are for people to decide about. */
const LONGEST_RETRY_AFTER = 120_000;

/**
 * Waits before the next try, with some chance in it so that many clients do not come back at once.
 *
 * @param failures - in a row, the last one included; 0 after a try that brought something, which waits for nothing.
 * @returns false, at once, when it is time to give up.
 * @throws the signal's reason when aborted.
 */
export async function waitToRetry(
  failures: number,
  { retries, delay }: RetryPolicy,
  { retryAfter = 0, signal }: RetryWait = {},
): Promise<boolean> {
  signal?.throwIfAborted();
  if (failures > retries || retryAfter > LONGEST_RETRY_AFTER) return false;
  const backoff = failures === 0 ? 0 : Math.min(delay * 2 ** (failures - 1), LONGEST_DELAY);
  const wait = Math.max(backoff * (0.5 + Math.random() / 2), retryAfter);
  if (wait > 0) await pause(wait, signal);
  return true;
}

/** @throws the signal's reason when aborted. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
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
