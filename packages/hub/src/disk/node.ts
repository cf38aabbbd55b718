import { HubError } from "../hub-error.ts";

/** The modules of Node that a cache on disk needs. */
export interface NodeModules {
  readonly fs: typeof import("node:fs/promises");
  readonly path: typeof import("node:path");
  readonly os: typeof import("node:os");
  readonly crypto: typeof import("node:crypto");
  readonly pid: number;
  /** Whether there is a process of this id, ours or another's. */
  isAlive(pid: number): boolean;
}

/**
 * Node's modules, or the same of Deno and Bun. Asked of `process` and not imported, since bundlers for
 * browsers stumble over `node:` specifiers even where they are never reached.
 *
 * @throws {HubError} `HUB_NO_FILE_SYSTEM` where there are none, as in browsers.
 */
export function nodeModules(): NodeModules {
  const { process } = globalThis;
  if (process?.getBuiltinModule === undefined) {
    throw new HubError({
      code: "HUB_NO_FILE_SYSTEM",
      message: "There is no disk for a cache of models here. Give a storage, or load the model by its URL.",
      expected: 'the option "storage"',
    });
  }
  return {
    fs: process.getBuiltinModule("node:fs/promises"),
    path: process.getBuiltinModule("node:path"),
    os: process.getBuiltinModule("node:os"),
    crypto: process.getBuiltinModule("node:crypto"),
    pid: process.pid,
    isAlive(pid) {
      try {
        return process.kill(pid, 0); // sends nothing
      } catch (error) {
        return (error as NodeJS.ErrnoException).code !== "ESRCH"; // it may be another user's
      }
    },
  };
}

/** The environment's variables; none in a browser. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return globalThis.process?.env ?? {};
}
