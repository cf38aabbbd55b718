import { quote, WeightError } from "../weight-error.ts";
import { type GgufKey, type GgufScalarType, scalarTypes } from "./value-types.ts";

type Integer = Exclude<GgufScalarType, "f32" | "f64" | "bool" | "string">;

const ARRAY = scalarTypes.indexOf("array");
const bits: Readonly<Record<Integer, number>> = {
  u8: 8,
  i8: 8,
  u16: 16,
  i16: 16,
  u32: 32,
  i32: 32,
  u64: 64,
  i64: 64,
};

/** The bytes of a GGUF header, little-endian, one value after the other. */
export class GgufBytes {
  #bytes = new Uint8Array(64 * 1024);
  #end = 0;

  ascii(text: string): this {
    return this.#append(new TextEncoder().encode(text));
  }

  u32(value: number): this {
    return this.#integer("u32", value);
  }

  u64(value: number): this {
    return this.#integer("u64", value);
  }

  /** A length in bytes, and as much UTF-8. */
  text(text: string): this {
    const bytes = new TextEncoder().encode(text);
    return this.u64(bytes.byteLength).#append(bytes);
  }

  /** @throws {WeightError} `WEIGHT_WRITE_INVALID` when the value is not of its type. */
  key([key, type, value]: GgufKey): this {
    const isArray = type.endsWith("[]");
    const element = (isArray ? type.slice(0, -2) : type) as GgufScalarType;
    const number = scalarTypes.indexOf(element);
    const isList = typeof value === "object";
    if (number < 0 || number === ARRAY || isArray !== isList) throw notOfType(key, type, value);
    this.text(key);
    if (!isList) return this.u32(number).#scalar(element, value, key);
    this.u32(ARRAY).u32(number).u64(value.length);
    for (const each of value) this.#scalar(element, each, key);
    return this;
  }

  /** Zeros up to a multiple. */
  pad(alignment: number): this {
    return this.#append(new Uint8Array(Math.ceil(this.#end / alignment) * alignment - this.#end));
  }

  done(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#end);
  }

  #scalar(type: GgufScalarType, value: unknown, key: string): this {
    if (type === "string") {
      if (typeof value === "string") return this.text(value);
    } else if (type === "bool") {
      // The reader's arrays of booleans hold 0 and 1.
      if (value === true || value === 1) return this.#integer("u8", 1);
      if (value === false || value === 0) return this.#integer("u8", 0);
    } else if (type === "f32" || type === "f64") {
      if (typeof value === "number") return this.#float(type, value);
    } else if (isInteger(type, value)) {
      return this.#integer(type, value);
    }
    throw notOfType(key, type, value);
  }

  #integer(type: Integer, value: number | bigint): this {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigInt64(0, BigInt.asIntN(64, BigInt(value)), true);
    return this.#append(bytes.subarray(0, bits[type] / 8));
  }

  #float(type: "f32" | "f64", value: number): this {
    const values = type === "f32" ? Float32Array.of(value) : Float64Array.of(value);
    return this.#append(new Uint8Array(values.buffer));
  }

  #append(bytes: Uint8Array): this {
    const end = this.#end + bytes.byteLength;
    if (end > this.#bytes.byteLength) {
      const longer = new Uint8Array(Math.max(end, 2 * this.#bytes.byteLength));
      longer.set(this.#bytes);
      this.#bytes = longer;
    }
    this.#bytes.set(bytes, this.#end);
    this.#end = end;
    return this;
  }
}

function isInteger(type: Integer, value: unknown): value is number | bigint {
  if (typeof value !== "bigint" && !Number.isSafeInteger(value)) return false;
  const integer = BigInt(value as number | bigint);
  return (type.startsWith("u") ? BigInt.asUintN : BigInt.asIntN)(bits[type], integer) === integer;
}

function notOfType(key: string, type: string, actual: unknown): WeightError {
  const shown = typeof actual === "string" ? quote(actual) : String(actual).slice(0, 80);
  return new WeightError({
    code: "WEIGHT_WRITE_INVALID",
    message: `The value of key ${quote(key)} should be ${type}, but is ${shown}.`,
    file: "the file to be written",
    expected: type,
    actual,
  });
}
