import { DuplicateKeyError, parseStrictJson } from "../json/strict-json.ts";
import { type ByteSource, readRange, truncated } from "../storage/byte-source.ts";
import { quote, WeightError } from "../weight-error.ts";
import { type HeaderTensor, parseTensors } from "./header-tensors.ts";

// A safetensors file:
//
//   u64, little-endian     N, the length of the header
//   N bytes                the header, a JSON object, padded with spaces:
//                            "__metadata__": { string: string }, optional
//                            name: { "dtype", "shape", "data_offsets": [start, end] }, for each tensor
//   the rest               the tensors' bytes, without overlap or hole; offsets count from here
//
// https://huggingface.co/docs/safetensors, "Format"; the limits are those of its library.

const LENGTH_BYTES = 8;
const MAX_HEADER_BYTES = 100_000_000;

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their bytes. */
  readonly tensors: ReadonlyMap<string, HeaderTensor>;
}

/**
 * Reads and checks the header. Memory is bounded by the file and by 100 MB, whatever the file claims.
 *
 * @throws {WeightError} naming what is wrong, and with which tensor if it is one.
 */
export async function readHeader(source: ByteSource, signal?: AbortSignal): Promise<SafetensorsHeader> {
  const file = source.name;
  if (source.byteLength < LENGTH_BYTES) throw truncated(file, LENGTH_BYTES, source.byteLength);
  const start = await readRange(source, { start: 0, end: LENGTH_BYTES }, signal);
  const headerLength = new DataView(start.buffer).getBigUint64(0, true);
  if (headerLength > MAX_HEADER_BYTES) throw headerTooLong(file, headerLength);
  const headerEnd = LENGTH_BYTES + Number(headerLength);
  if (headerEnd > source.byteLength) throw truncated(file, headerEnd, source.byteLength);

  const bytes = await readRange(source, { start: LENGTH_BYTES, end: headerEnd }, signal);
  const { __metadata__: metadata = {}, ...entries } = parseHeaderJson(bytes, file);
  return {
    metadata: parseMetadata(metadata, file),
    tensors: parseTensors(entries, file, headerEnd, source.byteLength),
  };
}

function parseHeaderJson(bytes: Uint8Array, file: string): Record<string, unknown> {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (text[0] !== "{") throw new SyntaxError("it does not start with {");
    return parseStrictJson(text) as Record<string, unknown>;
  } catch (cause) {
    const repeated = cause instanceof DuplicateKeyError ? cause.key : undefined;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WeightError({
      code: "WEIGHT_HEADER_INVALID",
      message:
        `The header of ${file} is not that of a safetensors file: ${reason}` +
        `${repeated === undefined ? "" : ` (${quote(repeated)})`}. Check the file, or download it again.`,
      file,
      tensor: repeated,
      expected: "a JSON object without repeated names",
      cause,
    });
  }
}

function parseMetadata(metadata: unknown, file: string): Record<string, string> {
  const isObject = typeof metadata === "object" && metadata !== null && !Array.isArray(metadata);
  if (isObject && Object.values(metadata).every((value) => typeof value === "string")) {
    return metadata as Record<string, string>;
  }
  throw new WeightError({
    code: "WEIGHT_HEADER_INVALID",
    message: `"__metadata__" of ${file} must be an object whose values are strings.`,
    file,
    expected: "an object of strings",
    actual: metadata,
  });
}

function headerTooLong(file: string, actual: bigint): WeightError {
  return new WeightError({
    code: "WEIGHT_HEADER_INVALID",
    message:
      `${file} claims a header of ${actual} bytes; at most ${MAX_HEADER_BYTES} are allowed. ` +
      `It is probably neither a safetensors nor a GGUF file.`,
    file,
    expected: MAX_HEADER_BYTES,
    actual,
  });
}
