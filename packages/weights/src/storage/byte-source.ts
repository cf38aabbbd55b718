import { reasonOf } from "@krait/tensor";
import { WeightError } from "../weight-error.ts";

/** Bytes `[start, end)` of a file. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Random access to one file, wherever it lies. Nothing stays open between calls. */
export interface ByteSource {
  /** Path, URL without its query, or name: what errors call the file. */
  readonly name: string;
  /** Where it lies in the file system, if it does, so that it can be mapped. */
  readonly path?: string;
  readonly byteLength: number;
  /**
   * The bytes of a range that lies inside the file, in order, in pieces of `pieceByteLength` and a
   * shorter last one. A piece is valid until the next is asked for: its memory may be used again.
   *
   * @throws {WeightError} when the bytes do not come as promised; the signal's reason when aborted.
   */
  pieces(range: ByteRange, pieceByteLength: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/** The files of one model, wherever they lie. */
export interface FileSet {
  /** Path, URL without its query, or a description: what errors call the folder. */
  readonly location: string;
  /** What errors call a file of this name, whether there is one or not. */
  nameOf(name: string): string;
  /** Undefined when there is no such file. */
  open(name: string, signal?: AbortSignal): Promise<ByteSource | undefined>;
  /** A whole small file; undefined when there is none. */
  read(name: string, signal?: AbortSignal): Promise<Uint8Array | undefined>;
}

/** Files that are read whole (configurations, tokenizers, indices) may be this large. */
export const MAX_WHOLE_FILE_BYTES = 100_000_000;

/** Anything that is held in one array may be this large. */
const MAX_ARRAY_BYTES = 2 ** 30;

/** A range as one array. */
export async function readRange(
  source: ByteSource,
  { start, end }: ByteRange,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const byteLength = end - start;
  if (byteLength > MAX_ARRAY_BYTES) throw tooLargeToHold(source.name, "A part", byteLength, MAX_ARRAY_BYTES);
  const bytes = new Uint8Array(byteLength);
  let filled = 0;
  for await (const piece of source.pieces({ start, end }, 1 << 20, signal)) {
    bytes.set(piece, filled);
    filled += piece.byteLength;
  }
  return bytes;
}

/** A whole small file as one array. */
export async function readWhole(source: ByteSource, signal?: AbortSignal): Promise<Uint8Array> {
  const { name, byteLength } = source;
  if (byteLength > MAX_WHOLE_FILE_BYTES) throw tooLargeToHold(name, "All", byteLength, MAX_WHOLE_FILE_BYTES);
  return await readRange(source, { start: 0, end: byteLength }, signal);
}

/** @param part - which part of the file was to be held. */
export function tooLargeToHold(file: string, part: string, actual: number, expected: number): WeightError {
  return new WeightError({
    code: "WEIGHT_TOO_LARGE",
    message: `${part} of ${file} has ${actual} bytes or more, and must be held in memory: at most ${expected} are allowed.`,
    file,
    expected,
    actual,
  });
}

export function truncated(file: string, expected: number, actual: number): WeightError {
  return new WeightError({
    code: "WEIGHT_FILE_TRUNCATED",
    message: `${file} ended after ${actual} of ${expected} bytes. Download or copy it again.`,
    file,
    expected,
    actual,
  });
}

/** What the disk, the browser or the network threw, with the file's name. */
export function readFailed(file: string, cause: unknown): WeightError {
  if (cause instanceof WeightError) return cause;
  return new WeightError({
    code: "WEIGHT_READ_FAILED",
    message: `${file} could not be read: ${reasonOf(cause)}.`,
    file,
    cause,
  });
}
