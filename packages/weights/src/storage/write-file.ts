import { WeightError } from "../weight-error.ts";
import { nodeModules } from "./node.ts";

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
  // Beside the target, since a rename is atomic only within one file system.
  const partial = `${path}.${crypto.randomUUID()}.partial`;
  const handle = await fs.open(partial, "wx").catch((cause) => {
    throw writeFailed(path, cause);
  });
  try {
    for await (const piece of pieces) {
      signal?.throwIfAborted();
      await handle.writeFile(piece);
    }
    await handle.sync();
    await handle.close();
    await fs.rename(partial, path);
  } catch (error) {
    await handle.close();
    await fs.rm(partial, { force: true });
    throw isSystemError(error) ? writeFailed(path, error) : error;
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

function writeFailed(file: string, cause: unknown): WeightError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new WeightError({
    code: "WEIGHT_WRITE_FAILED",
    message: `${file} could not be written: ${reason}.`,
    file,
    cause,
  });
}
