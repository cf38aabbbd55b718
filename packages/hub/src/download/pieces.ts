import type { PartialFile } from "../storage.ts";

/** Bytes `[start, end)` of a file. */
export interface Piece {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/** The pieces of a file, in order; none of an empty one. */
export function piecesOf({ pieceBytes }: PartialFile, byteLength: number): Piece[] {
  return Array.from({ length: Math.ceil(byteLength / pieceBytes) }, (_, number) => ({
    number,
    start: number * pieceBytes,
    end: Math.min((number + 1) * pieceBytes, byteLength),
  }));
}
