/**
 * - `TOKENIZER_JSON`: a file is not JSON.
 * - `TOKENIZER_FIELD`: a field is missing, has the wrong type, or contradicts another one.
 * - `TOKENIZER_UNSUPPORTED`: the file is sound, but of a kind that this package does not implement.
 * - `TOKENIZER_ID`: an id that is not in the vocabulary.
 * - `TOKENIZER_SPECIAL`: a prompt piece names a special token that the tokenizer does not have.
 * - `TOKENIZER_TEXT`: a text has a word of millions of characters, which the engine of regular expressions gives up on.
 */
export type TokenizerErrorCode =
  | "TOKENIZER_JSON"
  | "TOKENIZER_FIELD"
  | "TOKENIZER_UNSUPPORTED"
  | "TOKENIZER_ID"
  | "TOKENIZER_SPECIAL"
  | "TOKENIZER_TEXT";

export interface TokenizerErrorDetails {
  readonly code: TokenizerErrorCode;
  readonly message: string;
  /** The file at fault, for example `tokenizer.json`. */
  readonly file?: string;
  /** The path inside the file, for example `model.merges[3]`. */
  readonly field?: string;
  readonly expected?: string;
  readonly actual?: unknown;
  readonly cause?: unknown;
}

/** Everything this package throws. `code` is for programs, `message` for people. */
export class TokenizerError extends Error {
  override readonly name = "TokenizerError";
  readonly code: TokenizerErrorCode;
  readonly file: string | undefined;
  readonly field: string | undefined;
  readonly expected: string | undefined;
  readonly actual: unknown;

  constructor(details: TokenizerErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.file = details.file;
    this.field = details.field;
    this.expected = details.expected;
    this.actual = details.actual;
  }
}

/** A field of a file that is missing or is not what it has to be. */
export function fieldError(file: string, field: string, expected: string, actual: unknown): TokenizerError {
  return new TokenizerError({
    code: "TOKENIZER_FIELD",
    message: `${file}: "${field}" should be ${expected}, but is ${describe(actual)}. The file is damaged or not a tokenizer.`,
    file,
    field,
    expected,
    actual,
  });
}

/** A sound file that asks for something this package does not do. */
export function unsupportedError(
  file: string,
  field: string,
  expected: string,
  actual: unknown,
): TokenizerError {
  return new TokenizerError({
    code: "TOKENIZER_UNSUPPORTED",
    message: `${file}: "${field}" is ${describe(actual)}; only ${expected} is supported.`,
    file,
    field,
    expected,
    actual,
  });
}

/** A value in a message, cut short. */
export function describe(value: unknown): string {
  if (value === undefined) return "missing";
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes of numbers`;
  const text = typeof value === "object" || typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
