// How one thread learns that another is gone. Browsers say nothing when a tab of a shared worker is closed, or
// when a worker runs out of memory; but whoever held a Web Lock loses it then, and whoever waits for it gets it.

/** Where there are locks; else undefined, as in pages that are not served securely. */
const locks = (): LockManager | undefined => globalThis.navigator?.locks;

/**
 * Holds a lock of this name until this thread ends or the returned function is called.
 *
 * @returns undefined where there are no locks.
 */
export async function holdPresence(name: string): Promise<(() => void) | undefined> {
  const manager = locks();
  if (manager === undefined) return undefined;
  return await new Promise((resolve, reject) => {
    const held = (): Promise<void> => new Promise((release) => resolve(release));
    manager.request(name, held).catch(reject);
  });
}

/**
 * Calls `onAbsent` once nobody holds the lock, which must be held by now; never where there are no locks, or
 * after `signal` was aborted.
 */
export function whenAbsent(name: string, onAbsent: () => void, signal: AbortSignal): void {
  locks()
    ?.request(name, { signal }, () => onAbsent())
    .catch(() => {});
}
