import { ConfigError } from "./errors.ts";

/** Reads typed keys of a GGUF file's metadata. */
export class GgufReader {
  readonly #metadata: Readonly<Record<string, unknown>>;
  readonly #prefix: string;

  /** @param prefix - stands before every key, for example `nemotron_h.`. */
  constructor(metadata: Readonly<Record<string, unknown>>, prefix: string) {
    this.#metadata = metadata;
    this.#prefix = prefix;
  }

  /** A positive whole number. */
  count(key: string, maximum: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.#value(key);
    if (isCount(value) && value > 0 && value <= maximum) return value;
    const limit = maximum === Number.MAX_SAFE_INTEGER ? "" : `, at most ${maximum}`;
    return this.#invalid(key, `a positive whole number${limit}`, value);
  }

  /** Files hold f32: 1e-5 is taken for what was written, and not for the number nearest to it. */
  positive(key: string): number {
    const value = this.#value(key);
    if (typeof value === "number" && value > 0 && Number.isFinite(value)) return asWritten(value);
    return this.#invalid(key, "a positive number", value);
  }

  optionalPositive(key: string): number | undefined {
    return this.#value(key) === undefined ? undefined : this.positive(key);
  }

  text(key: string): string {
    const value = this.#value(key);
    return typeof value === "string" ? value : this.#invalid(key, "a text", value);
  }

  /** A whole number, zero or more. */
  optionalId(key: string): number | undefined {
    const value = this.#value(key);
    if (value === undefined || isCount(value)) return value;
    return this.#invalid(key, "a whole number", value);
  }

  /** A whole number, zero or more, for each layer; a single one counts for all. */
  perLayer(key: string, layers: number): readonly number[] {
    const value = this.#value(key);
    if (isCount(value)) return Array.from({ length: layers }, () => value);
    const counts = isNumbers(value) && value.length === layers ? Array.from(value, Number) : [];
    if (counts.length === layers && counts.every(isCount)) return counts;
    return this.#invalid(key, `a whole number, or ${layers} of them, one for each layer`, value);
  }

  #value(key: string): unknown {
    return this.#metadata[this.#prefix + key];
  }

  #invalid(key: string, expected: string, actual: unknown): never {
    throw new ConfigError({
      file: "The GGUF file",
      field: this.#prefix + key,
      expected,
      actual: describe(actual),
    });
  }
}

/** A value short enough for a message, and one that JSON can hold. */
function describe(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "string") return value.slice(0, 80);
  if (Array.isArray(value)) return `a list of ${value.length} texts`;
  return isNumbers(value) ? `a list of ${value.length} numbers` : value;
}

/** The number of seven digits that becomes this f32, if there is one. */
function asWritten(value: number): number {
  const short = Number(value.toPrecision(7));
  return Math.fround(short) === value ? short : value;
}

function isNumbers(value: unknown): value is ArrayLike<number | bigint> {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
