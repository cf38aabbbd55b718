export type GrammarErrorCode =
  /** A keyword of a schema, or a value of one, that cannot be enforced. */
  | "GRAMMAR_SCHEMA"
  /** A regular expression that is wrong, or has what cannot be enforced. */
  | "GRAMMAR_REGEX"
  /** Tools or choices that are not what they should be. */
  | "GRAMMAR_OPTION"
  /** No text at all satisfies the grammar. */
  | "GRAMMAR_EMPTY"
  /** The grammar takes more room than is given to one. */
  | "GRAMMAR_TOO_LARGE"
  /** A token was given that may not come here. */
  | "GRAMMAR_TOKEN";

/** What was asked for cannot be enforced, or was not kept to. */
export class GrammarError extends Error {
  readonly code: GrammarErrorCode;
  /** For `GRAMMAR_SCHEMA`: the keyword. */
  readonly keyword: string | undefined;
  /** For `GRAMMAR_SCHEMA`: where in the schema, as a JSON pointer such as `#/properties/city`. */
  readonly path: string | undefined;

  constructor(code: GrammarErrorCode, message: string, details: { keyword?: string; path?: string } = {}) {
    super(message);
    this.name = "GrammarError";
    this.code = code;
    this.keyword = details.keyword;
    this.path = details.path;
  }
}
