/**
 * How threads exchange rows: one buffer of bytes, which begins with prepared rows of x, followed for each
 * thread by what it computed of y. While weights are loaded, rows of their file stand there instead.
 */
export const X_BYTES: number = 2 ** 21;
export const Y_BYTES: number = 2 ** 21;

/** What a thread can be told to do. */
export const commands = ["run", "join", "hold", "fill", "multiply", "widen", "release", "stop"] as const;

export type Command = (typeof commands)[number];

/** Places in the buffer of words by which threads are told what to do. */
export const control = {
  /** Counts commands, two for each: what threads wait for. It is odd while one is written. */
  sequence: 0,
  /** An index of {@link commands}. */
  command: 1,
  /** The thread that is meant, or −1 for all. */
  target: 2,
  /** Up to five words. */
  arguments: 3,
  /** Of the parts of the op that is run, how many are claimed; the op's number is in the bits above. */
  claims: 8,
  claimBits: 10,
  /** How many are done. */
  finished: 9,
  /** For each thread the number of the last command, other than `run`, that it is through with. */
  done: 16,
  /** For each thread whether a command failed. */
  failed: 80,
  words: 144,
} as const;

/** As many as the control buffer has room for. */
export const MOST_THREADS = 64;

/** Into how many parts an op is divided: several for each thread, so that all end at about the same time. */
export function partsOf(threads: number): number {
  return threads > 1 ? 4 * threads : 1;
}
