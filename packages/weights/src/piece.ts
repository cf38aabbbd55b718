import { elementCount, formatLayouts } from "@krait/tensor";
import { tooLargeToHold } from "./storage/byte-source.ts";
import type { StoredTensor } from "./weight-file.ts";

/** Large enough that calls cost nothing, small enough that memory does not notice. */
export const PIECE_BYTES: number = 8 * 1024 * 1024;

/** A row is not cut, so it must be small enough to be held itself. */
const MAX_ROW_BYTES = 8 * PIECE_BYTES;

/**
 * Bytes of a piece: as many whole rows as fit into 8 MiB, and one at least. A row is a run along the
 * last dimension; a vector may be cut after any value, or block of values.
 *
 * @throws {WeightError} `WEIGHT_TOO_LARGE` for a row above 64 MiB.
 */
export function pieceByteLength({ shape, spec, byteLength, file }: StoredTensor): number {
  if (byteLength === 0) return PIECE_BYTES;
  const block = spec && formatLayouts[spec.format].bytesPerBlock;
  let wholeBytes =
    shape.length < 2
      ? (block ?? byteLength / elementCount(shape))
      : byteLength / elementCount(shape.slice(0, -1));
  // Rows of 4-bit and 6-bit values may end inside a byte; 2, 4 or 8 of them do not.
  while (!Number.isInteger(wholeBytes)) wholeBytes *= 2;
  if (wholeBytes > MAX_ROW_BYTES) throw tooLargeToHold(file, "One row", wholeBytes, MAX_ROW_BYTES);
  return Math.max(1, Math.floor(PIECE_BYTES / wholeBytes)) * wholeBytes;
}
