import { WeightError } from "../weight-error.ts";
import { nodeModules } from "./node.ts";
import { asWriteError, partialName, writePieces } from "./write-file.ts";

export interface FolderOptions {
  /** Replaces a folder that is there, if all its files are among the new ones; refused unless given. */
  readonly replace?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a folder of files, in Node and its like. It appears under its name when all of them are complete and
 * on disk; if anything fails, nothing is left and nothing is replaced.
 *
 * @param files - texts, and streams that are read when their turn comes, by name.
 * @throws {WeightError} `WEIGHT_TARGET_EXISTS` before anything is read, `WEIGHT_WRITE_FAILED` when the file
 *   system refuses; the signal's reason when aborted; what a stream throws, as it is.
 */
export async function writeFolder(
  path: string,
  files: ReadonlyMap<string, string | AsyncIterable<Uint8Array>>,
  { replace = false, signal }: FolderOptions = {},
): Promise<void> {
  signal?.throwIfAborted();
  const { fs, path: paths } = nodeModules(path);
  const before = await existing(path);
  if (before !== undefined) requireReplaceable(path, before, replace, new Set(files.keys()));
  const partial = partialName(path);
  try {
    await fs.mkdir(partial);
    for (const [name, content] of files) {
      await writePieces(fs, paths.join(partial, name), piecesOf(content), signal);
    }
    const old = `${partial}.old`;
    if (before !== undefined) await fs.rename(path, old);
    await fs.rename(partial, path).catch(async (error) => {
      if (before !== undefined) await fs.rename(old, path);
      throw error;
    });
    await fs.rm(old, { recursive: true, force: true });
  } catch (error) {
    await fs.rm(partial, { recursive: true, force: true });
    throw asWriteError(path, error);
  }
}

/**
 * Refuses a target that is there, before work is done for it.
 *
 * @throws {WeightError} `WEIGHT_TARGET_EXISTS`.
 */
export async function requireAbsent(path: string): Promise<void> {
  if ((await existing(path)) !== undefined) throw targetExists(path, "is there already");
}

/** The names of the files in a folder; a lone empty name for anything else; undefined where nothing is. */
async function existing(path: string): Promise<readonly string[] | undefined> {
  const { fs } = nodeModules(path);
  try {
    return (await fs.stat(path)).isDirectory() ? await fs.readdir(path) : [""];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw asWriteError(path, error);
  }
}

/** Only what this function writes is deleted by it: a folder with anything else may be a mistake. */
function requireReplaceable(
  path: string,
  before: readonly string[],
  replace: boolean,
  names: ReadonlySet<string>,
): void {
  if (!replace) throw targetExists(path, "is there already");
  const foreign = before.find((name) => !names.has(name));
  if (foreign === "") throw targetExists(path, "is a file, where a folder was to be written");
  if (foreign !== undefined) {
    throw targetExists(
      path,
      `holds ${JSON.stringify(foreign)}, which is no part of the model, so it is not replaced`,
    );
  }
}

async function* piecesOf(content: string | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (typeof content === "string") yield new TextEncoder().encode(content);
  else yield* content;
}

function targetExists(file: string, what: string): WeightError {
  return new WeightError({
    code: "WEIGHT_TARGET_EXISTS",
    message: `${file} ${what}. Choose another name, or delete it first.`,
    file,
  });
}
