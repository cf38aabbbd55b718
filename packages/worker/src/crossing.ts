import { WorkerError } from "./worker-error.ts";

type Callback = (...args: readonly unknown[]) => void;

/** Options as they can be sent, and the functions among them that stay behind and are called by message. */
export interface CrossingOptions {
  readonly plain: Readonly<Record<string, unknown>>;
  readonly callbacks: Readonly<Record<string, Callback>>;
}

/** Splits options for a message: `signal` is left out, as an abort is a message of its own. */
export function splitOptions(options: object): CrossingOptions {
  const entries = Object.entries(options).filter(([name, value]) => name !== "signal" && value !== undefined);
  const isCallback = ([name, value]: readonly [string, unknown]): boolean =>
    /^on[A-Z]/.test(name) && typeof value === "function";
  return {
    plain: Object.fromEntries(entries.filter((entry) => !isCallback(entry))),
    callbacks: Object.fromEntries(entries.filter(isCallback)) as Record<string, Callback>,
  };
}

/** Options as they arrived, with functions again where there were some, which send their arguments. */
export function joinOptions(
  plain: object,
  callbacks: readonly string[],
  send: (name: string, args: readonly unknown[]) => void,
): object {
  const functions = callbacks.map((name) => [name, (...args: readonly unknown[]) => send(name, args)]);
  return { ...plain, ...Object.fromEntries(functions) };
}

/** Says which of the arguments of a call cannot be sent; `cause` is what `postMessage` threw. */
export function notCloneable(method: string, args: readonly unknown[], cause: unknown): WorkerError {
  const culprit = args
    .flatMap((arg) => (isPlainObject(arg) ? Object.entries(arg) : []))
    .find(([, value]) => !canBeSent(value))?.[0];
  const what = culprit === undefined ? `What "${method}" was given` : `The option "${culprit}"`;
  const hint = culprit === "backend" ? ' Give the name of a backend, such as "webgpu".' : "";
  return new WorkerError(
    "OPTION_NOT_CLONEABLE",
    `${what} cannot be sent to a worker: only data can, and functions named on….${hint}`,
    { method, option: culprit },
    { cause },
  );
}

function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function canBeSent(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
