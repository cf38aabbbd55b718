import { byteLength, type Format } from "@krait/tensor";
import { quote, WeightError } from "../weight-error.ts";
import { ggmlTypes } from "./ggml-types.ts";
import { GgufBytes } from "./gguf-bytes.ts";
import type { GgufKey } from "./value-types.ts";

// See header.ts for the layout.

/** A tensor to be written. */
export interface GgufTensorToWrite {
  readonly name: string;
  /** Row-major; the file has it turned around. Four dimensions at most. */
  readonly shape: readonly number[];
  readonly format: Format;
  /** Little-endian; a stream is consumed once, when its turn comes. */
  readonly data: ArrayBufferView | AsyncIterable<Uint8Array>;
}

const VERSION = 3;
const ALIGNMENT = 32;
const MAX_DIMENSIONS = 4;

const typeNumbers = new Map([...ggmlTypes].map(([number, { format }]) => [format, number]));

/**
 * A GGUF file of version 3 as a stream, which holds no more of it than the tensors' own pieces. Keys and
 * tensors stay in the order in which they are given; llama.cpp wants `general.architecture` among the keys.
 *
 * @throws {WeightError} `WEIGHT_WRITE_INVALID` at once for a repeated name or key, a value that is not of its
 *   type, a shape that the format does not fit, or data of another size; while streaming, for a stream of
 *   another size.
 */
export function encodeGguf(
  tensors: Iterable<GgufTensorToWrite>,
  metadata: Iterable<GgufKey> = [],
): AsyncIterable<Uint8Array> {
  const all = [...tensors];
  return stream(encodeHeader(all, [...metadata]), all);
}

async function* stream(
  header: Uint8Array,
  tensors: readonly GgufTensorToWrite[],
): AsyncGenerator<Uint8Array> {
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
    const padding = padded(written) - written;
    if (padding > 0) yield new Uint8Array(padding);
  }
}

function encodeHeader(tensors: readonly GgufTensorToWrite[], metadata: readonly GgufKey[]): Uint8Array {
  const bytes = new GgufBytes();
  bytes.ascii("GGUF").u32(VERSION).u64(tensors.length).u64(metadata.length);
  const keys = new Set<string>();
  for (const key of metadata) {
    if (keys.has(key[0])) throw invalid(`Key ${quote(key[0])} appears twice.`);
    keys.add(key[0]);
    bytes.key(key);
  }
  const names = new Set<string>();
  let offset = 0;
  for (const tensor of tensors) {
    const { name, shape, format } = tensor;
    if (names.has(name)) throw invalid(`Tensor ${quote(name)} appears twice.`, name);
    names.add(name);
    const length = byteLengthOf(tensor);
    bytes.text(name).u32(shape.length);
    for (const dimension of [...shape].reverse()) bytes.u64(dimension);
    bytes.u32(typeNumbers.get(format)!).u64(offset);
    offset += padded(length);
  }
  return bytes.pad(ALIGNMENT).done();
}

function byteLengthOf(tensor: GgufTensorToWrite): number {
  const { name, shape, format, data } = tensor;
  const isShape = shape.every((dimension) => Number.isSafeInteger(dimension) && dimension >= 0);
  if (!isShape || shape.length > MAX_DIMENSIONS || !typeNumbers.has(format)) {
    const what = `is ${format} of shape [${shape.join(", ")}], which GGUF cannot hold.`;
    throw invalid(`Tensor ${quote(name)} ${what}`, name, MAX_DIMENSIONS, shape);
  }
  const length = byteLength(tensor);
  if (ArrayBuffer.isView(data) && data.byteLength !== length)
    throw wrongSize(tensor, length, data.byteLength);
  return length;
}

async function* piecesOf(data: GgufTensorToWrite["data"]): AsyncGenerator<Uint8Array> {
  if (!ArrayBuffer.isView(data)) yield* data;
  else if (data.byteLength > 0) yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function padded(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

function wrongSize(
  { name, shape, format }: GgufTensorToWrite,
  expected: number,
  actual: number,
): WeightError {
  const what = `is ${format} of shape [${shape.join(", ")}], so ${expected} bytes, but its data has ${actual} or more.`;
  return invalid(`Tensor ${quote(name)} ${what}`, name, expected, actual);
}

function invalid(message: string, tensor?: string, expected?: unknown, actual?: unknown): WeightError {
  return new WeightError({
    code: "WEIGHT_WRITE_INVALID",
    message,
    file: "the file to be written",
    tensor,
    expected,
    actual,
  });
}
