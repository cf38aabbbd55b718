import { HubError } from "../hub-error.ts";
import { RangeIgnoredError } from "../remote/remote-file.ts";
import type { Digest, Hasher } from "../storage.ts";
import { fetchPiece, fetchWhole, type Transfer } from "./fetch-pieces.ts";
import { type Piece, piecesOf } from "./pieces.ts";
import type { Turns } from "./turns.ts";

/**
 * Brings what is missing of a file, and compares its checksum with the hub's. If they differ, the pieces
 * that are to blame are fetched once more: those whose bytes on disk are not what arrived, else all.
 *
 * @throws {HubError} `HUB_CHECKSUM_MISMATCH` when they differ again; then nothing of the file is kept.
 */
export async function downloadFile(transfer: Transfer, turns: Turns, signal: AbortSignal): Promise<void> {
  const { file, partial, progress } = transfer;
  const pieces = piecesOf(partial, file.byteLength);
  for (const { number, start, end } of pieces) {
    if (partial.finished.has(number)) progress.found(file.name, end - start);
  }
  for (let isRepeated = false; ; isRepeated = true) {
    const actual = await fetchAndHash(transfer, pieces, turns, signal);
    if (actual === file.digest.hex) return await partial.complete();
    if (isRepeated) {
      await partial.discard();
      throw mismatch(transfer, actual);
    }
    const bad = await damagedPieces(transfer, pieces, signal);
    for (const { start, end } of bad) progress.found(file.name, start - end);
    await partial.forget(bad.map(({ number }) => number));
  }
}

/** Fetches the unfinished pieces, and meanwhile takes the checksum in the file's order. */
async function fetchAndHash(
  transfer: Transfer,
  pieces: readonly Piece[],
  turns: Turns,
  signal: AbortSignal,
): Promise<string> {
  const { partial, file } = transfer;
  const failure = new AbortController();
  const until = AbortSignal.any([signal, failure.signal]);
  const unfinished = pieces.filter(({ number }) => !partial.finished.has(number));
  const tasks = new Map(
    unfinished.map((piece) => [
      piece.number,
      turns(async () => {
        until.throwIfAborted();
        await fetchPiece(transfer, piece, until);
      }).catch((error) => {
        failure.abort(error);
        throw error;
      }),
    ]),
  );
  const settled = Promise.allSettled(tasks.values());
  try {
    const hasher = await startHash(transfer, file.digest);
    for (const { number, start, end } of pieces) {
      await tasks.get(number);
      if (hasher !== undefined) for await (const chunk of partial.read(start, end)) hasher.update(chunk);
      until.throwIfAborted();
    }
    return hasher?.digest() ?? file.digest.hex;
  } catch (error) {
    failure.abort(error);
    await settled;
    signal.throwIfAborted();
    // One failure ends the other pieces; the first says why.
    const { reason } = failure.signal;
    if (!(reason instanceof RangeIgnoredError)) throw reason;
  }
  await turns(() => fetchWhole(transfer, pieces, signal));
  return await fetchAndHash(transfer, pieces, turns, signal);
}

async function damagedPieces(
  { partial, createHasher }: Transfer,
  pieces: readonly Piece[],
  signal: AbortSignal,
): Promise<readonly Piece[]> {
  const damaged: Piece[] = [];
  for (const piece of pieces) {
    signal.throwIfAborted();
    const hasher = await createHasher("piece");
    for await (const chunk of partial.read(piece.start, piece.end)) hasher.update(chunk);
    if (hasher.digest() !== partial.finished.get(piece.number)) damaged.push(piece);
  }
  return damaged.length > 0 ? damaged : pieces;
}

/** Undefined where there is nothing to compare with. Git puts a header before the bytes: "blob", their number, and a zero. */
async function startHash(
  { createHasher, file }: Transfer,
  { algorithm }: Digest,
): Promise<Hasher | undefined> {
  if (algorithm === "version") return undefined;
  if (algorithm === "sha256") return await createHasher("sha256");
  const hasher = await createHasher("sha1");
  hasher.update(new TextEncoder().encode(`blob ${file.byteLength}\0`));
  return hasher;
}

function mismatch({ file, remote }: Transfer, actual: string): HubError {
  const { model, endpoint } = remote.asked;
  const { algorithm, hex } = file.digest;
  return new HubError({
    code: "HUB_CHECKSUM_MISMATCH",
    message:
      `${file.name} of "${model}" arrived twice with wrong bytes: its ${algorithm} is ${actual} instead of ${hex}. ` +
      `Nothing of it was kept. Something between here and ${endpoint} may be at fault; try another network or mirror.`,
    model,
    file: file.name,
    expected: hex,
    actual,
  });
}
