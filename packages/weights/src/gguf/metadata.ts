import { quote } from "../weight-error.ts";
import type { HeaderReader } from "./header-reader.ts";
import { type GgufKey, type GgufScalarType, type GgufType, scalarTypes } from "./value-types.ts";

/**
 * A value of a GGUF file's metadata. 64-bit integers are numbers where those are exact. Arrays of
 * numbers are copied out of the file as they are; an array of booleans is one of 0 and 1.
 */
export type GgufValue = number | bigint | boolean | string | readonly string[] | GgufNumbers;

export type GgufNumbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | BigUint64Array
  | BigInt64Array
  | Float64Array;

/** Far more keys than any file has. */
const MAX_KEYS = 65_536;

// Value types, by their number in the file: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
const BOOL = 7;
const STRING = 8;
const ARRAY = 9;

const scalars: Readonly<Record<number, (reader: HeaderReader) => GgufValue>> = {
  0: (reader) => reader.u8(),
  1: (reader) => reader.i8(),
  2: (reader) => reader.u16(),
  3: (reader) => reader.i16(),
  4: (reader) => reader.u32(),
  5: (reader) => reader.i32(),
  6: (reader) => reader.f32(),
  [BOOL]: readFlag,
  [STRING]: (reader) => reader.text(),
  10: (reader) => exactNumber(reader.u64()),
  11: (reader) => exactNumber(reader.i64()),
  12: (reader) => reader.f64(),
};

const numberArrays: Readonly<Record<number, new (buffer: ArrayBuffer) => GgufNumbers>> = {
  0: Uint8Array,
  1: Int8Array,
  2: Uint16Array,
  3: Int16Array,
  4: Uint32Array,
  5: Int32Array,
  6: Float32Array,
  [BOOL]: Uint8Array,
  10: BigUint64Array,
  11: BigInt64Array,
  12: Float64Array,
};

const bytesPerNumber: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  [BOOL]: 1,
  10: 8,
  11: 8,
  12: 8,
};

/** Reads so many pairs of key and value. */
export function readMetadata(reader: HeaderReader, count: number): GgufKey[] {
  reader.place = "the count of metadata keys";
  if (count > MAX_KEYS) throw reader.invalid(`is ${count}; at most ${MAX_KEYS} are allowed`, MAX_KEYS, count);
  const names = new Set<string>();
  const keys: GgufKey[] = [];
  for (let i = 0; i < count; i++) {
    reader.place = `metadata key ${i + 1} of ${count}`;
    const key = reader.text();
    reader.place = `metadata ${quote(key)}`;
    if (names.has(key)) throw reader.invalid("appears twice");
    names.add(key);
    keys.push([key, ...readValue(reader)]);
  }
  return keys;
}

function readValue(reader: HeaderReader): [GgufType, GgufValue] {
  const type = reader.u32();
  if (type === ARRAY) {
    const element = reader.u32();
    const value = readArray(reader, element);
    return [`${scalarTypes[element] as GgufScalarType}[]`, value];
  }
  const read = scalars[type];
  if (read === undefined) throw unknownType(reader, type);
  return [scalarTypes[type] as GgufScalarType, read(reader)];
}

function readArray(reader: HeaderReader, type: number): GgufValue {
  const length = reader.count();
  if (type === STRING) return readStrings(reader, length);
  if (type === ARRAY) throw reader.invalid("is an array of arrays, which ggml does not read either");
  const Numbers = numberArrays[type];
  if (Numbers === undefined) throw unknownType(reader, type);
  const byteLength = length * bytesPerNumber[type]!;
  const start = reader.take(byteLength);
  // Copied, so that it is aligned and the rest of the header can go.
  return new Numbers(reader.bytes.slice(start, start + byteLength).buffer);
}

function readStrings(reader: HeaderReader, length: number): readonly string[] {
  reader.require(8 * length);
  const strings: string[] = [];
  for (let i = 0; i < length; i++) strings.push(reader.text());
  return strings;
}

function readFlag(reader: HeaderReader): boolean {
  const value = reader.u8();
  if (value > 1) throw reader.invalid(`is a boolean of ${value}`, "0 or 1", value);
  return value === 1;
}

function exactNumber(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function unknownType(reader: HeaderReader, type: number): Error {
  return reader.invalid(`has value type ${type}, which GGUF does not have`, "0 to 12", type);
}
