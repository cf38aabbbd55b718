import { WeightError } from "../weight-error.ts";
import { type NodeModules, nodeModules } from "./node.ts";

/**
 * Writes a file, in Node and its like. It appears under its name when it is complete and on disk, and
 * replaces one that was there; if anything fails, nothing is left and nothing is replaced.
 *
 * @throws {WeightError} `WEIGHT_WRITE_FAILED` when the file system refuses; the signal's reason when
 *   aborted; what the pieces throw, as it is.
 */
export async function writeFileAtomically(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const { fs } = nodeModules(path);
  const partial = partialName(path);
  try {
    await writePieces(fs, partial, pieces, signal);
    await fs.rename(partial, path);
  } catch (error) {
    await fs.rm(partial, { force: true });
    throw asWriteError(path, error);
  }
}

/** Beside the target, since a rename is atomic only within one file system. */
export function partialName(path: string): string {
  return `${path}.${crypto.randomUUID()}.partial`;
}

/** Writes a new file, which is on disk when the promise resolves. */
export async function writePieces(
  fs: NodeModules["fs"],
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using handle = await fs.open(path, "wx");
  for await (const piece of pieces) {
    signal?.throwIfAborted();
    await handle.writeFile(piece);
  }
  await handle.sync();
}

/** What the file system says becomes a {@link WeightError}; every other error stays what it is. */
export function asWriteError(file: string, error: unknown): unknown {
  if (!(error instanceof Error && "syscall" in error)) return error;
  return new WeightError({
    code: "WEIGHT_WRITE_FAILED",
    message: `${file} could not be written: ${error.message}.`,
    file,
    cause: error,
  });
}
