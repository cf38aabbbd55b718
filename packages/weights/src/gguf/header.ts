import { type ByteSource, readRange, truncated } from "../storage/byte-source.ts";
import { WeightError } from "../weight-error.ts";
import { HeaderIncomplete, HeaderReader, MAX_HEADER_BYTES } from "./header-reader.ts";
import { type GgufTensor, placeTensors, readTensors } from "./header-tensors.ts";
import { type GgufValue, readMetadata } from "./metadata.ts";
import type { GgufKey } from "./value-types.ts";

// A GGUF file, all little-endian:
//
//   "GGUF"      u32 version, 2 or 3      u64 count of tensors, u64 count of keys
//   for each key      its name, u32 type of the value, the value
//   for each tensor   its name, u32 count of dimensions, u64 each, u32 type, u64 offset
//   padding to `general.alignment` (32 unless given), where offsets count from
//   the tensors' bytes, each at a multiple of the alignment
//
// A text is a u64 count of bytes and UTF-8. An array is a u32 type, a u64 count, and the values.
//
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
//
// @huggingface/gguf 0.4 reads such headers from URLs, and in Node from paths, but not from blobs, and it
// does not look at where the tensors lie; so it is not used here.

const MAGIC = "GGUF";
const FIXED_BYTES = 24;
const FIRST_BYTES = 64 * 1024;
const DEFAULT_ALIGNMENT = 32;

export interface GgufHeader {
  readonly metadata: Readonly<Record<string, GgufValue>>;
  /** The same in order, with their types. */
  readonly keys: readonly GgufKey[];
  /** In the order of their bytes. */
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** Whether a file starts like a GGUF file. */
export async function isGguf(source: ByteSource, signal?: AbortSignal): Promise<boolean> {
  if (source.byteLength < MAGIC.length) return false;
  const start = await readRange(source, { start: 0, end: MAGIC.length }, signal);
  return String.fromCharCode(...start) === MAGIC;
}

/**
 * Reads and checks the header. Memory is bounded by the file and by 100 MB of header, whatever the file
 * claims. It does not say how long it is: more and more of the file is read until it is complete.
 *
 * @throws {WeightError} naming what is wrong, and with which tensor if it is one.
 */
export async function readGgufHeader(source: ByteSource, signal?: AbortSignal): Promise<GgufHeader> {
  const { name: file, byteLength: fileBytes } = source;
  if (fileBytes < FIXED_BYTES) throw truncated(file, FIXED_BYTES, fileBytes);
  const limit = Math.min(fileBytes, MAX_HEADER_BYTES);
  let bytes = new Uint8Array();
  for (let end = Math.min(FIRST_BYTES, limit); ; ) {
    const more = await readRange(source, { start: bytes.byteLength, end }, signal);
    const longer = new Uint8Array(end);
    longer.set(bytes);
    longer.set(more, bytes.byteLength);
    bytes = longer;
    try {
      return parseHeader(new HeaderReader(bytes, file, fileBytes), fileBytes);
    } catch (error) {
      if (!(error instanceof HeaderIncomplete)) throw error;
      // Fourfold, so that starting again costs a third of one pass in all.
      end = Math.min(Math.max(error.end, 4 * end), limit);
    }
  }
}

function parseHeader(reader: HeaderReader, fileBytes: number): GgufHeader {
  const { file } = reader;
  reader.take(MAGIC.length);
  checkVersion(reader.u32(), file);
  const tensorCount = reader.count();
  const keys = readMetadata(reader, reader.count());
  const metadata = Object.fromEntries(keys.map(([key, , value]) => [key, value]));
  const declared = readTensors(reader, tensorCount);
  const alignment = alignmentOf(metadata, reader);
  const dataStart = Math.ceil(reader.at / alignment) * alignment;
  return { metadata, keys, tensors: placeTensors(declared, file, { dataStart, alignment, fileBytes }) };
}

function checkVersion(version: number, file: string): void {
  if (version === 2 || version === 3) return;
  // Versions are small, so a number with nothing in its low half is one in the other byte order.
  const isBigEndian = version !== 0 && (version & 0xffff) === 0;
  const what = isBigEndian ? "is big-endian" : `has version ${version}`;
  throw new WeightError({
    code: "WEIGHT_FORMAT_UNSUPPORTED",
    message: `${file} is a GGUF file that ${what}; versions 2 and 3 in little-endian are supported. Convert it anew.`,
    file,
    expected: [2, 3],
    actual: version,
  });
}

function alignmentOf(metadata: GgufHeader["metadata"], reader: HeaderReader): number {
  const alignment = metadata["general.alignment"] ?? DEFAULT_ALIGNMENT;
  if (typeof alignment === "number" && alignment >= 1 && Number.isInteger(Math.log2(alignment)))
    return alignment;
  reader.place = 'metadata "general.alignment"';
  throw reader.invalid("is not a power of two", "a power of two", alignment);
}
