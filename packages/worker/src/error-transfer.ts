import { KraitError } from "@krait/tensor";

/**
 * An error as a message carries it. The structured clone of an error keeps its name and message only, and an
 * error of Krait's is told apart by its `code` and explained by its fields.
 */
export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** A DOMException is told apart by its name, which only its constructor can set. */
  readonly isDomException: boolean;
  /** Own enumerable fields, `code` among them, as far as they can be cloned; not what is said above and below. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause: ErrorRecord | undefined;
}

/** Causes of causes that cross; whoever reads an error looks no deeper. */
const MAX_CAUSES = 8;

/** A cause that was assigned, and not given to the constructor, is an enumerable field. */
const told = new Set(["name", "message", "stack", "cause"]);

/** What was thrown, for a message. What is no error is shown as text. */
export function recordOfError(thrown: unknown, depth = 0): ErrorRecord {
  if (!(thrown instanceof Error)) {
    return {
      name: "Error",
      message: String(thrown),
      stack: undefined,
      isDomException: false,
      fields: {},
      cause: undefined,
    };
  }
  const { cause } = thrown;
  return {
    name: thrown.name,
    message: thrown.message,
    stack: thrown.stack,
    isDomException: thrown instanceof DOMException,
    fields: Object.fromEntries(
      Object.entries(thrown).filter(([name, value]) => !told.has(name) && isCloneable(value)),
    ),
    cause: cause === undefined || depth === MAX_CAUSES ? undefined : recordOfError(cause, depth + 1),
  };
}

/** The error that a message brought: a `KraitError` when it has a `code`, else an `Error` of the same name. */
export function errorOfRecord({ name, message, stack, isDomException, fields, cause }: ErrorRecord): Error {
  if (isDomException) return new DOMException(message, name);
  const options = cause && { cause: errorOfRecord(cause) };
  const { code } = fields;
  const error =
    typeof code === "string" ? new KraitError(code, message, options) : new Error(message, options);
  Object.assign(error, fields);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}

function isCloneable(value: unknown): boolean {
  if (typeof value !== "object" || value === null)
    return typeof value !== "function" && typeof value !== "symbol";
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
