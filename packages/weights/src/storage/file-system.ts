import { WeightError } from "../weight-error.ts";
import { type ByteSource, type FileSet, readFailed, readWhole, truncated } from "./byte-source.ts";
import { nodeModules } from "./node.ts";

type FileHandle = import("node:fs/promises").FileHandle;

/** The files of a folder on disk. */
export function directoryFiles(directory: string): FileSet {
  const { path } = nodeModules(directory);
  const nameOf = (name: string): string => path.join(directory, name);
  const open = (name: string): Promise<ByteSource | undefined> => fileSource(nameOf(name));
  return {
    location: directory,
    nameOf,
    open,
    read: async (name, signal) => {
      const source = await open(name);
      return source && readWhole(source, signal);
    },
  };
}

/** A file on disk; undefined when there is none. It is opened anew for every read, and must not change between. */
async function fileSource(path: string): Promise<ByteSource | undefined> {
  const { fs } = nodeModules(path);
  const opened = await fs.stat(path).catch((error) => {
    if (isNotFound(error)) return undefined;
    throw readFailed(path, error);
  });
  if (opened === undefined) return undefined;
  return {
    name: path,
    path,
    byteLength: opened.size,
    async *pieces({ start, end }, pieceByteLength, signal) {
      signal?.throwIfAborted();
      const handle = await fs.open(path).catch((error) => {
        throw readFailed(path, error);
      });
      // An abort must not wait for a consumer that has stopped asking.
      const close = (): void => void handle.close().catch(() => {});
      signal?.addEventListener("abort", close, { once: true });
      try {
        const now = await handle.stat();
        if (now.size !== opened.size || now.mtimeMs !== opened.mtimeMs) throw changed(path);
        const memory = new Uint8Array(Math.min(pieceByteLength, end - start));
        for (let position = start; position < end; position += pieceByteLength) {
          const piece = memory.subarray(0, Math.min(pieceByteLength, end - position));
          await fill(handle, piece, position, path);
          signal?.throwIfAborted();
          yield piece;
        }
      } catch (error) {
        signal?.throwIfAborted();
        throw readFailed(path, error);
      } finally {
        signal?.removeEventListener("abort", close);
        await handle.close();
      }
    },
  };
}

/** Reads until the piece is full: one read may return less than was asked for. */
async function fill(handle: FileHandle, piece: Uint8Array, position: number, path: string): Promise<void> {
  for (let filled = 0; filled < piece.byteLength; ) {
    const { bytesRead } = await handle.read(piece, filled, piece.byteLength - filled, position + filled);
    if (bytesRead === 0) throw truncated(path, position + piece.byteLength, position + filled);
    filled += bytesRead;
  }
}

function changed(path: string): WeightError {
  return new WeightError({
    code: "WEIGHT_FILE_CHANGED",
    message: `${path} has changed since it was opened. Open it again.`,
    file: path,
  });
}

export function isNotFound(error: NodeJS.ErrnoException): boolean {
  return error.code === "ENOENT" || error.code === "ENOTDIR";
}
