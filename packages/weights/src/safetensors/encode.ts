import { quote, WeightError } from "../weight-error.ts";
import { dtypeBits, isDType, type SafetensorsDType, tensorByteLength } from "./dtype.ts";

/** A tensor to be written. */
export interface TensorToWrite {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  /** Little-endian and row-major; a stream is consumed once, when its turn comes. */
  readonly data: ArrayBufferView | AsyncIterable<Uint8Array>;
}

/**
 * A safetensors file as a stream, which holds no more of it than the tensors' own pieces.
 *
 * Tensors are laid out by dtype, the widest first, and then by name: so each is aligned to its values, and
 * the bytes do not depend on the order in which the tensors were given.
 *
 * @throws {WeightError} `WEIGHT_WRITE_INVALID` at once for a repeated name, a malformed shape or data of
 *   another size; while streaming, for a stream of another size.
 */
export function encodeSafetensors(
  tensors: Iterable<TensorToWrite>,
  metadata: Readonly<Record<string, string>> = {},
): AsyncIterable<Uint8Array> {
  const ordered = [...tensors].sort(
    (a, b) => dtypeBits[b.dtype] - dtypeBits[a.dtype] || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
  return stream(encodeHeader(ordered, metadata), ordered);
}

async function* stream(header: Uint8Array, tensors: readonly TensorToWrite[]): AsyncGenerator<Uint8Array> {
  yield header;
  for (const tensor of tensors) {
    const expected = byteLengthOf(tensor);
    let written = 0;
    for await (const piece of piecesOf(tensor.data)) {
      written += piece.byteLength;
      if (written > expected) break;
      yield piece;
    }
    if (written !== expected) throw wrongSize(tensor, expected, written);
  }
}

/** The length, then JSON, padded so that the data starts at a multiple of 8. */
function encodeHeader(
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const entries: [string, unknown][] = [];
  const names = new Set(["__metadata__"]);
  if (Object.keys(metadata).length > 0) entries.push(["__metadata__", metadata]);
  let start = 0;
  for (const tensor of tensors) {
    const { name, dtype, shape } = tensor;
    if (names.has(name)) throw invalid(name, "appears twice, or has the name of the metadata");
    names.add(name);
    const end = start + byteLengthOf(tensor);
    entries.push([name, { dtype, shape, data_offsets: [start, end] }]);
    start = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const header = new Uint8Array(8 + Math.ceil(json.byteLength / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.byteLength - 8), true);
  header.set(json, 8);
  return header;
}

function byteLengthOf(tensor: TensorToWrite): number {
  const { name, dtype, shape, data } = tensor;
  if (!isDType(dtype)) throw invalid(name, `has dtype "${dtype}", which safetensors does not have`);
  const isValid = shape.every((dimension) => Number.isSafeInteger(dimension) && dimension >= 0);
  const byteLength = isValid ? tensorByteLength(dtype, shape) : undefined;
  if (byteLength === undefined)
    throw invalid(name, `has shape [${shape.join(", ")}], which no file can hold`);
  if (ArrayBuffer.isView(data) && data.byteLength !== byteLength)
    throw wrongSize(tensor, byteLength, data.byteLength);
  return byteLength;
}

async function* piecesOf(data: TensorToWrite["data"]): AsyncGenerator<Uint8Array> {
  if (!ArrayBuffer.isView(data)) yield* data;
  else if (data.byteLength > 0) yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function wrongSize({ name, dtype, shape }: TensorToWrite, expected: number, actual: number): WeightError {
  const what = `is ${dtype} of shape [${shape.join(", ")}], so ${expected} bytes, but its data has ${actual} or more`;
  return invalid(name, what, expected, actual);
}

function invalid(tensor: string, what: string, expected?: unknown, actual?: unknown): WeightError {
  return new WeightError({
    code: "WEIGHT_WRITE_INVALID",
    message: `Tensor ${quote(tensor)} ${what}.`,
    file: "the file to be written",
    tensor,
    expected,
    actual,
  });
}
