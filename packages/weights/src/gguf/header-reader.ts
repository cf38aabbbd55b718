import { truncated } from "../storage/byte-source.ts";
import { WeightError } from "../weight-error.ts";

/** A header's largest parts are a vocabulary and its merges: some 10 MB for 131,072 tokens. */
export const MAX_HEADER_BYTES = 100_000_000;

/** The bytes at hand end before the header does: read on to `end` at least, and start again. */
export class HeaderIncomplete extends Error {
  readonly end: number;

  constructor(end: number) {
    super(`The header goes on to byte ${end} or further.`);
    this.end = end;
  }
}

/**
 * Takes little-endian values from the start of a file, one after the other. What a value claims is
 * compared with the file's size and the limit before any memory is spent on it.
 */
export class HeaderReader {
  readonly file: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What is being read, for errors. */
  place = "the header";
  readonly #view: DataView;
  readonly #fileBytes: number;
  readonly #text: TextDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #at = 0;

  /** @param bytes - of the file, from its start; all of it or not. */
  constructor(bytes: Uint8Array<ArrayBuffer>, file: string, fileBytes: number) {
    this.file = file;
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fileBytes = fileBytes;
  }

  /** Where the next value starts. */
  get at(): number {
    return this.#at;
  }

  /**
   * Goes on over so many bytes and says where they start.
   *
   * @throws {WeightError} when neither the file nor the limit has room for them.
   * @throws {HeaderIncomplete} when they are yet to be read.
   */
  take(byteLength: number): number {
    const start = this.#at;
    this.require(byteLength);
    this.#at += byteLength;
    return start;
  }

  /** As `take`, without going on. */
  require(byteLength: number): void {
    const end = this.#at + byteLength;
    if (byteLength > MAX_HEADER_BYTES) throw this.#tooLong(byteLength);
    if (end > this.#fileBytes) throw truncated(this.file, end, this.#fileBytes);
    if (end > MAX_HEADER_BYTES) throw this.#tooLong(end);
    if (end > this.bytes.byteLength) throw new HeaderIncomplete(end);
  }

  u8(): number {
    return this.#view.getUint8(this.take(1));
  }

  i8(): number {
    return this.#view.getInt8(this.take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.take(2), true);
  }

  i16(): number {
    return this.#view.getInt16(this.take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.take(4), true);
  }

  f32(): number {
    return this.#view.getFloat32(this.take(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.take(8), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.take(8), true);
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.take(8), true);
  }

  /** A u64 that counts things; above 2⁵³ it is rounded, which no limit lets pass. */
  count(): number {
    const at = this.take(8);
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32;
  }

  /** A length in bytes, and as much UTF-8. */
  text(): string {
    const byteLength = this.count();
    const start = this.take(byteLength);
    try {
      return this.#text.decode(this.bytes.subarray(start, start + byteLength));
    } catch (cause) {
      throw this.invalid("is not UTF-8", "UTF-8", undefined, cause);
    }
  }

  /** The fault of whatever is being read. */
  invalid(what: string, expected?: unknown, actual?: unknown, cause?: unknown): WeightError {
    return new WeightError({
      code: "WEIGHT_HEADER_INVALID",
      message: `In ${this.file}, ${this.place} ${what}. The file is damaged, or is not a GGUF file; download it again.`,
      file: this.file,
      expected,
      actual,
      cause,
    });
  }

  #tooLong(actual: number): WeightError {
    const what = `would make a header of ${actual} bytes or more; at most ${MAX_HEADER_BYTES} are allowed`;
    return this.invalid(what, MAX_HEADER_BYTES, actual);
  }
}
