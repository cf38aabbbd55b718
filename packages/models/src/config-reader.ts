import { ConfigError } from "./errors.ts";

interface FieldOptions<T> {
  /** Another name that the field has in some published files. */
  readonly alias?: string;
  readonly fallback?: T;
}

/** Reads typed fields of a `config.json`. Null counts as absent, as in transformers. */
export class ConfigReader {
  readonly #json: Readonly<Record<string, unknown>>;

  constructor(json: Readonly<Record<string, unknown>>) {
    this.#json = json;
  }

  /** A positive whole number. */
  count(field: string, options: FieldOptions<number> = {}): number {
    return this.#read(field, options, "a positive whole number", toCount);
  }

  optionalCount(field: string): number | undefined {
    return this.#json[field] == null ? undefined : this.count(field);
  }

  positive(field: string, options: FieldOptions<number> = {}): number {
    return this.#read(field, options, "a positive number", (value) =>
      typeof value === "number" && value > 0 && Number.isFinite(value) ? value : undefined,
    );
  }

  flag(field: string, options: FieldOptions<boolean> = {}): boolean {
    return this.#read(field, options, "true or false", (value) =>
      typeof value === "boolean" ? value : undefined,
    );
  }

  /** A pair of numbers, the smaller first; either may be infinite. */
  range(field: string, options: FieldOptions<readonly [number, number]> = {}): readonly [number, number] {
    return this.#read(field, options, "a pair of numbers, the smaller first", toRange);
  }

  text(field: string): string | undefined {
    const value = this.#json[field];
    if (value == null) return undefined;
    if (typeof value !== "string") throw new ConfigError({ field, expected: "a string", actual: value });
    return value;
  }

  names(field: string): readonly string[] | undefined {
    const value = this.#json[field];
    if (value == null) return undefined;
    if (Array.isArray(value) && value.every((name) => typeof name === "string")) return value;
    throw new ConfigError({ field, expected: "a list of strings", actual: value });
  }

  #read<T>(
    field: string,
    { alias, fallback }: FieldOptions<T>,
    expected: string,
    convert: (value: unknown) => T | undefined,
  ): T {
    const named =
      this.#json[field] == null && alias !== undefined && this.#json[alias] != null ? alias : field;
    const value = this.#json[named];
    if (value == null && fallback !== undefined) return fallback;
    const result = convert(value);
    if (result === undefined) throw new ConfigError({ field: named, expected, actual: value });
    return result;
  }
}

function toCount(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : undefined;
}

function toRange(value: unknown): readonly [number, number] | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [low, high] = value.map(toNumber);
  return low !== undefined && high !== undefined && low <= high ? [low, high] : undefined;
}

/** transformers 5 writes infinity as `{"__float__": "Infinity"}`. */
function toNumber(value: unknown): number | undefined {
  const number =
    typeof value === "object" && value !== null && "__float__" in value ? Number(value.__float__) : value;
  return typeof number === "number" && !Number.isNaN(number) ? number : undefined;
}
