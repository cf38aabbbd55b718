import { stat } from "node:fs/promises";
import type { AccessKeys } from "../access/access-keys.ts";
import type { AccessKey } from "../access/keys.ts";
import { readKeysFile } from "./read-keys.ts";

export interface WatchKeysOptions {
  /** Keys that are not in the file, and stay. */
  readonly always?: readonly AccessKey[] | undefined;
  /** How often one looks whether the file has changed; 2 unless given. */
  readonly intervalSeconds?: number | undefined;
  /** Told how many keys there are now. */
  readonly onRead?: ((keys: number) => void) | undefined;
  /** Told why the keys stay as they are. */
  readonly onTrouble?: ((error: unknown) => void) | undefined;
}

export interface KeysWatch extends Disposable {
  /** Reads the file now. Trouble goes to `onTrouble`. */
  read(): Promise<void>;
}

/**
 * Reads a file of keys anew whenever it changes, while a server goes on. Of a file that is broken or gone
 * nothing is taken: the keys stay as they are.
 */
export function watchKeysFile(path: string, keys: AccessKeys, options: WatchKeysOptions = {}): KeysWatch {
  const { always = [], intervalSeconds = 2, onRead, onTrouble } = options;
  /** What the file was when it was read last; nothing yet, as it may have changed since somebody read it first. */
  let known: string | undefined;
  const replace = async (isAsked: boolean): Promise<void> => {
    const now = await stateOf(path);
    if (now === known && !isAsked) return;
    known = now;
    try {
      const read = [...always, ...(await readKeysFile(path))];
      if (JSON.stringify(read) === JSON.stringify(keys.all)) return;
      await keys.replace(read);
      onRead?.(read.length);
    } catch (error) {
      onTrouble?.(error);
    }
  };
  let last = Promise.resolve();
  // One after the other, so that the last to be read is what counts.
  const read = (isAsked: boolean): Promise<void> => {
    last = last.then(() => replace(isAsked));
    return last;
  };
  // Looked at rather than listened to: files are also replaced, or lie where nobody tells of changes.
  const timer = setInterval(() => read(false), 1000 * intervalSeconds);
  timer.unref();
  return { read: () => read(true), [Symbol.dispose]: () => clearInterval(timer) };
}

/** Something else whenever the file is another one, or gone. */
async function stateOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch (error) {
    return String(error);
  }
}
