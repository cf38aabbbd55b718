/** What the process ends with, for scripts. */
export const ExitCode = {
  ok: 0,
  /** The model, a file, a row of input or the output failed. */
  failure: 1,
  /** The command line is wrong, seen before anything was read. */
  usage: 2,
  /** Ctrl-C before the answer was complete: 128 and the number of SIGINT, as shells count. */
  interrupted: 130,
} as const;
