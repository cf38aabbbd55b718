import type { HubFile, PartialFile } from "../storage.ts";
import { CHECKSUM_BYTES, type Contents } from "./content.ts";
import { isQuotaExceeded, opfsError, quotaError } from "./opfs-error.ts";

const READ_BYTES = 2 ** 20;

/** @throws what a write of this content threw, as an error that says how much is missing where the quota is to blame. */
export async function partialFailed(
  contents: Contents,
  { name, digest, byteLength }: HubFile,
  freeBytes: () => Promise<number>,
  error: unknown,
): Promise<never> {
  if (!isQuotaExceeded(error)) throw opfsError(error, name);
  const stored = await contents.storedBytes(digest.hex);
  throw quotaError(name, byteLength - stored, await freeBytes(), error);
}

/** Opens what is here of a content, or begins it. */
export async function openPartialContent(
  contents: Contents,
  file: HubFile,
  wantedPieceBytes: number,
  freeBytes: () => Promise<number>,
): Promise<PartialFile> {
  const digest = file.digest.hex;
  const { byteLength } = file;
  const folder = contents.folder(digest);
  const begun = await contents.head(digest);
  const isSame = begun?.byteLength === byteLength;
  if (begun !== undefined && !isSame) await contents.remove(digest);
  const pieceBytes = isSame ? begun.pieceBytes : wantedPieceBytes;
  const head = { byteLength, pieceBytes, isComplete: false };
  const finished = new Map<number, string>();
  for (const [number, piece] of await contents.pieces(digest, head)) {
    finished.set(number, await piece.slice(-CHECKSUM_BYTES).text());
  }
  const streams = new Map<number, FileSystemWritableFileStream>();

  const failed = (error: unknown): Promise<never> => partialFailed(contents, file, freeBytes, error);

  /** The stream of a piece, begun anew with the piece's first byte. */
  async function streamOf(piece: number, offset: number): Promise<FileSystemWritableFileStream> {
    const open = streams.get(piece);
    if (open !== undefined && offset > 0) return open;
    await open?.abort().catch(() => {});
    const stream = await folder.create(String(piece));
    streams.set(piece, stream);
    return stream;
  }

  async function abortStreams(): Promise<void> {
    const open = [...streams.values()];
    streams.clear();
    for (const stream of open) await stream.abort().catch(() => {});
  }

  await contents.setHead(digest, head).catch(failed);

  return {
    pieceBytes,
    finished,
    async write(position, bytes) {
      const piece = Math.floor(position / pieceBytes);
      const offset = position - piece * pieceBytes;
      try {
        const stream = await streamOf(piece, offset);
        await stream.write({ type: "write", position: offset, data: bytes as Uint8Array<ArrayBuffer> });
      } catch (error) {
        await failed(error);
      }
    },
    async finish(piece, checksum) {
      try {
        const stream = streams.get(piece)!;
        const length = Math.min(pieceBytes, byteLength - piece * pieceBytes);
        await stream.write({ type: "write", position: length, data: checksum });
        await stream.close();
        streams.delete(piece);
        finished.set(piece, checksum);
      } catch (error) {
        await failed(error);
      }
    },
    async *read(start, end) {
      for (let position = start; position < end; ) {
        const piece = Math.floor(position / pieceBytes);
        const offset = position - piece * pieceBytes;
        const stop = Math.min(offset + READ_BYTES, pieceBytes, end - piece * pieceBytes);
        const stored = await folder.file(String(piece));
        const bytes = await stored?.slice(offset, stop).arrayBuffer();
        // Removed by somebody else, or cut short: the checksum will tell.
        if (bytes?.byteLength !== stop - offset) return;
        yield new Uint8Array(bytes);
        position += bytes.byteLength;
      }
    },
    async forget(pieces) {
      for (const piece of pieces) {
        finished.delete(piece);
        await folder.removeFile(String(piece));
      }
    },
    async complete() {
      await contents.setHead(digest, { ...head, isComplete: true }).catch(failed);
    },
    async discard() {
      await abortStreams();
      await contents.remove(digest);
    },
    [Symbol.asyncDispose]: abortStreams,
  };
}
