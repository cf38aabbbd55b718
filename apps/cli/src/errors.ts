/** The command line asks for something that cannot be: a flag out of range, two that exclude each other. */
export class UsageError extends Error {
  readonly code = "USAGE";
}

export type InputErrorCode =
  /** There is no such file. */
  | "INPUT_MISSING"
  /** The file is there, but cannot be read or written. */
  | "INPUT_FAILED"
  /** A file or a row is not JSON, or not of the shape that the command takes. */
  | "INPUT_INVALID";

/** What the command was given to read is missing or wrong. */
export class InputError extends Error {
  readonly code: InputErrorCode;
  /** The file, or `standard input`. */
  readonly input: string;

  constructor(code: InputErrorCode, input: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.input = input;
  }
}

/** The person pressed Ctrl-C. */
export class InterruptedError extends Error {
  readonly code = "INTERRUPTED";

  constructor() {
    super("Interrupted.");
  }
}

/** This Node lacks what the packages need. */
export class NodeTooOldError extends Error {
  readonly code = "NODE_TOO_OLD";

  constructor() {
    super(`This is Node ${process.versions.node}, but krait needs Node 20.19 or newer.`);
  }
}
