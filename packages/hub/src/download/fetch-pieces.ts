import type { RetryPolicy } from "@krait/tensor";
import { RangeIgnoredError, type RemoteFile } from "../remote/remote-file.ts";
import { TransientError, waitForRetry } from "../remote/retry.ts";
import { requestFailed } from "../remote/status-error.ts";
import type { HubFile, ModelStorage, PartialFile } from "../storage.ts";
import { PieceWriter } from "./piece-writer.ts";
import type { Piece } from "./pieces.ts";
import type { ProgressMeter } from "./progress.ts";

/** One file on its way to disk. */
export interface Transfer {
  readonly file: HubFile;
  readonly remote: RemoteFile;
  readonly partial: PartialFile;
  readonly progress: ProgressMeter;
  readonly retry: RetryPolicy;
  readonly createHasher: ModelStorage["createHasher"];
}

/** A try that brings less than this share of a piece counts as a failure, so that there is an end to them. */
const LEAST_SHARE = 1 / 64;

/**
 * Fetches one piece and notes it as finished. A connection that is cut is taken up where it ended.
 *
 * @throws {RangeIgnoredError} when the server knows only whole files.
 * @throws {HubError} when the hub refuses, or fails too often in a row.
 */
export async function fetchPiece(transfer: Transfer, piece: Piece, signal: AbortSignal): Promise<void> {
  const { file, remote, partial, progress } = transfer;
  const byteLength = piece.end - piece.start;
  const writer = new PieceWriter(partial, await transfer.createHasher("piece"), piece.start, byteLength);
  let failures = 0;
  while (writer.position < piece.end) {
    const before = writer.position;
    try {
      for await (const chunk of remote.chunks(before, piece.end, signal)) {
        await writer.push(chunk);
        progress.received(file.name, chunk.byteLength);
      }
    } catch (error) {
      const isFruitful = writer.position - before >= byteLength * LEAST_SHARE;
      failures = isFruitful ? 1 : failures + 1;
      await retryOrFail(error, failures, transfer, signal);
    }
  }
  await partial.finish(piece.number, await writer.end());
}

/** Fetches a file from its first byte to its last, for servers that ignore Range requests. */
export async function fetchWhole(
  transfer: Transfer,
  pieces: readonly Piece[],
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 1; ; failures++) {
    try {
      return await streamWhole(transfer, pieces, signal);
    } catch (error) {
      await retryOrFail(error, failures, transfer, signal);
    }
  }
}

/** What is finished already comes once more, and is passed over. */
async function streamWhole(
  { file, remote, partial, progress, createHasher }: Transfer,
  pieces: readonly Piece[],
  signal: AbortSignal,
): Promise<void> {
  const left = [...pieces];
  let writer: PieceWriter | undefined;
  let position = 0;
  for await (const chunk of remote.chunks(0, file.byteLength, signal)) {
    for (let taken = 0; taken < chunk.byteLength; ) {
      const piece = left[0]!;
      const part = chunk.subarray(taken, taken + piece.end - position);
      if (!partial.finished.has(piece.number)) {
        writer ??= new PieceWriter(
          partial,
          await createHasher("piece"),
          piece.start,
          piece.end - piece.start,
        );
        await writer.push(part);
      }
      taken += part.byteLength;
      position += part.byteLength;
      if (position < piece.end) continue;
      left.shift();
      if (writer === undefined) continue;
      await partial.finish(piece.number, await writer.end());
      progress.received(file.name, piece.end - piece.start);
      writer = undefined;
    }
  }
}

async function retryOrFail(
  error: unknown,
  failures: number,
  { remote, retry }: Transfer,
  signal: AbortSignal,
): Promise<void> {
  if (error instanceof RangeIgnoredError) throw error;
  await waitForRetry(error, failures, retry, signal).catch((last) => {
    throw last instanceof TransientError ? requestFailed(remote.asked, last) : last;
  });
}
