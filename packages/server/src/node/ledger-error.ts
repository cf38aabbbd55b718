export type LedgerErrorCode =
  /** This Node has no SQLite. */
  | "LEDGER_UNAVAILABLE"
  /** The file is no ledger, or cannot be read or written. */
  | "LEDGER_INVALID";

export class LedgerError extends Error {
  readonly code: LedgerErrorCode;
  readonly path: string;

  constructor(code: LedgerErrorCode, path: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "LedgerError";
    this.code = code;
    this.path = path;
  }
}
