/**
 * How threads exchange rows: one buffer of bytes, which begins with prepared rows of x, followed for each
 * thread by what it computed of y. While weights are loaded, rows of their file stand there instead.
 */
export const X_BYTES: number = 2 ** 21;
export const Y_BYTES: number = 2 ** 21;

/** What a thread can be told to do. */
export const commands = ["hold", "fill", "multiply", "widen", "release", "stop"] as const;

export type Command = (typeof commands)[number];

/** Places in the buffer of words by which threads are told what to do. */
export const control = {
  /** Counts commands: what threads wait for. */
  sequence: 0,
  /** An index of {@link commands}. */
  command: 1,
  /** The thread that is meant, or −1 for all. */
  target: 2,
  /** Up to five words. */
  arguments: 3,
  /** For each thread the number of the last command that it is through with. */
  done: 16,
  /** For each thread whether a command failed. */
  failed: 80,
  words: 144,
} as const;

/** As many as the control buffer has room for. */
export const MOST_THREADS = 64;
