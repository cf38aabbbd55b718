import { WeightError } from "../weight-error.ts";

/** The modules of Node that reading and writing files needs. */
export interface NodeModules {
  readonly fs: typeof import("node:fs/promises");
  readonly path: typeof import("node:path");
  readonly url: typeof import("node:url");
}

/**
 * Node's modules, or the same of Deno and Bun. Asked of `process` and not imported, since bundlers for
 * browsers stumble over `node:` specifiers even where they are never reached.
 *
 * @param file - the path that was to be read or written, for the error.
 * @throws {WeightError} `WEIGHT_NO_FILE_SYSTEM` where there is none, as in browsers; `WEIGHT_NODE_TOO_OLD` where Node
 *   does not give them yet.
 */
export function nodeModules(file: string): NodeModules {
  const { process } = globalThis;
  if (process?.getBuiltinModule === undefined) {
    if (process?.versions?.node !== undefined) throw tooOld(process.versions.node, file);
    throw new WeightError({
      code: "WEIGHT_NO_FILE_SYSTEM",
      message:
        `"${file}" is a path, and there is no file system here. ` +
        `Give a URL, for example new URL("models/tiny/", document.baseURI), or a Blob.`,
      file,
      expected: "a URL or a Blob",
      actual: file,
    });
  }
  return {
    fs: process.getBuiltinModule("node:fs/promises"),
    path: process.getBuiltinModule("node:path"),
    url: process.getBuiltinModule("node:url"),
  };
}

function tooOld(version: string, file: string): WeightError {
  return new WeightError({
    code: "WEIGHT_NODE_TOO_OLD",
    message: `"${file}" cannot be read by Node ${version}. Krait needs Node 20.19 or newer.`,
    file,
    expected: "Node 20.19 or newer",
    actual: version,
  });
}
