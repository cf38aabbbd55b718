import { pause } from "@krait/tensor";

const POLL = 200;

/**
 * Takes a Web Lock, which the browser gives back when its holder's page or worker is gone.
 *
 * @param onWait - called now and then while another holds it.
 * @throws the signal's reason when aborted.
 */
export async function takeWebLock(
  name: string,
  onWait: () => Promise<void>,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  let release = (): void => {};
  const waiting = new AbortController();
  const held = new Promise<boolean>((resolve, reject) => {
    const untilReleased = (): Promise<void> => {
      resolve(true);
      return new Promise((done) => {
        release = done;
      });
    };
    const until = AbortSignal.any([signal, waiting.signal]);
    navigator.locks.request(name, { signal: until }, untilReleased).catch(reject);
  });
  held.catch(() => {});
  try {
    while (!(await Promise.race([held, pause(POLL, signal)]))) await onWait();
  } catch (error) {
    waiting.abort();
    held.then(
      () => release(),
      () => {},
    ); // it may have been given in the meantime
    throw error;
  }
  return {
    async [Symbol.asyncDispose]() {
      release();
    },
  };
}
