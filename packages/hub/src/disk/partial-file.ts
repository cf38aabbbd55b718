import type { PartialFile } from "../storage.ts";
import { diskError, ifThere } from "./disk-error.ts";
import { pieceLine, readJournal, writeJournal } from "./journal.ts";
import { nodeModules } from "./node.ts";

/** What the name of a partial file has after that of its content. */
export const PARTIAL_SUFFIX = ".krait-partial";

/** Where a partial file, its journal and the finished content lie. */
export interface PartialPaths {
  readonly partial: string;
  readonly journal: string;
  readonly content: string;
}

const READ_BYTES = 2 ** 20;

/** Opens the partial file and the journal beside it, or begins them. */
export async function openPartialFile(
  paths: PartialPaths,
  byteLength: number,
  wantedPieceBytes: number,
): Promise<PartialFile> {
  const { fs } = nodeModules();
  const failed = (error: unknown): never => {
    throw diskError(error, paths.partial);
  };
  const begun = await ifThere(fs.stat(paths.partial));
  const kept = begun?.size === byteLength ? await readJournal(paths.journal, byteLength) : undefined;
  const journal = kept ?? { pieceBytes: wantedPieceBytes, byteLength, finished: new Map<number, string>() };
  const { pieceBytes, finished } = journal;
  // A sparse file of the full length, so that pieces can be written wherever they belong.
  const file = await fs.open(paths.partial, begun === undefined ? "w+" : "r+").catch(failed);
  await file.truncate(byteLength).catch(failed);
  await writeJournal(paths.journal, journal).catch(failed);

  return {
    pieceBytes,
    finished,
    async write(position, bytes) {
      for (let written = 0; written < bytes.byteLength; ) {
        const { bytesWritten } = await file
          .write(bytes, written, bytes.byteLength - written, position + written)
          .catch(failed);
        written += bytesWritten;
      }
    },
    async finish(piece, sha256) {
      finished.set(piece, sha256);
      await fs.appendFile(paths.journal, pieceLine(piece, sha256)).catch(failed);
    },
    async *read(start, end) {
      const memory = new Uint8Array(Math.min(READ_BYTES, end - start));
      for (let position = start; position < end; ) {
        const { bytesRead } = await file
          .read(memory, 0, Math.min(memory.byteLength, end - position), position)
          .catch(failed);
        if (bytesRead === 0) return; // cut short by somebody else, which the checksum will tell
        yield memory.subarray(0, bytesRead);
        position += bytesRead;
      }
    },
    async forget(pieces) {
      for (const piece of pieces) finished.delete(piece);
      await writeJournal(paths.journal, journal).catch(failed);
    },
    async complete() {
      // On disk before it has its name: a power cut must not leave a file with holes.
      await file.sync().catch(failed);
      await file.close();
      await fs.rename(paths.partial, paths.content).catch(async (error) => {
        // Another process may have been quicker with the same bytes.
        if ((await ifThere(fs.stat(paths.content))) === undefined) failed(error);
      });
      await fs.rm(paths.journal, { force: true });
    },
    async discard() {
      await file.close();
      await fs.rm(paths.partial, { force: true });
      await fs.rm(paths.journal, { force: true });
    },
    async [Symbol.asyncDispose]() {
      await file.close(); // again does nothing
    },
  };
}
