import { InterruptedError } from "./errors.ts";

/** Aborted by the first Ctrl-C; the second ends the process, as it does everywhere. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort(new InterruptedError()));
  return controller.signal;
}
