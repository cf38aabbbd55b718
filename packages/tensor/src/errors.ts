/** Base of every error that Krait's tensor packages throw on purpose. Programs read `code`, people the message. */
export class KraitError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A Program is malformed: an operand, weight, state or feed does not fit the op that uses it. */
export class ProgramError extends KraitError {
  readonly program: string;
  /** Index and name of the op, absent when the fault is not in one op. */
  readonly op: string | undefined;

  constructor(program: string, op: string | undefined, message: string) {
    super("PROGRAM_INVALID", `Program "${program}"${op === undefined ? "" : `, op ${op}`}: ${message}`);
    this.program = program;
    this.op = op;
  }
}

/** The backend has no kernel for an op, or none for the formats that this op is used with. */
export class UnsupportedOpError extends KraitError {
  readonly op: string;
  readonly backend: string;
  /** What was asked for, for example `["q4_k"]`; empty when the op is unknown in every format. */
  readonly formats: readonly string[];
  /** What the backend does have for this op. */
  readonly supported: readonly string[];

  constructor(fault: {
    op: string;
    backend: string;
    formats: readonly string[];
    supported: readonly string[];
  }) {
    const { op, backend, formats, supported } = fault;
    const asked = formats.length > 0 ? ` for ${formats.join(", ")}` : "";
    const has = supported.length > 0 ? `it has ${supported.join(", ")}` : "it does not have this op at all";
    super(
      "OP_UNSUPPORTED",
      `Backend "${backend}" cannot run op "${op}"${asked}: ${has}. ` +
        `Choose another backend, or formats that this one has.`,
    );
    this.op = op;
    this.backend = backend;
    this.formats = formats;
    this.supported = supported;
  }
}

/** The device behind a backend is gone; everything pending on it rejects with this error. */
export class BackendLostError extends KraitError {
  readonly backend: string;

  constructor(backend: string, reason: string, options?: { cause?: unknown }) {
    super("BACKEND_LOST", `Backend "${backend}" lost its device: ${reason}.`, options);
    this.backend = backend;
  }
}

/** A value given to a backend is out of range: a buffer region, a feed, an extent, a binding. */
export class BindingError extends KraitError {
  constructor(message: string) {
    super("BINDING_INVALID", message);
  }
}
