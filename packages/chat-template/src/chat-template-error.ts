/**
 * - `TEMPLATE_SYNTAX`: the template's source does not parse.
 * - `TEMPLATE_MESSAGE`: a message is not what it has to be, or there is none.
 * - `TEMPLATE_TOOL`: a tool's schema is not what it has to be.
 * - `TEMPLATE_VALUE`: something that JSON cannot hold, or text that is not JSON.
 * - `TEMPLATE_FAILED`: the template itself raised, or did what raises in Python.
 * - `TEMPLATE_REASONING`: reasoning was asked on or off, and the template has no way to do that.
 * - `TEMPLATE_PIECES`: the template treats text so that its own special tokens cannot be told from it.
 */
export type ChatTemplateErrorCode =
  | "TEMPLATE_SYNTAX"
  | "TEMPLATE_MESSAGE"
  | "TEMPLATE_TOOL"
  | "TEMPLATE_VALUE"
  | "TEMPLATE_FAILED"
  | "TEMPLATE_REASONING"
  | "TEMPLATE_PIECES";

export interface ChatTemplateErrorDetails {
  readonly code: ChatTemplateErrorCode;
  readonly message: string;
  /** Which message, from 0, as the caller gave them. */
  readonly messageIndex?: number | undefined;
  readonly role?: unknown;
  /** Which tool, from 0. */
  readonly toolIndex?: number | undefined;
  /** The path inside the message or tool, for example `tool_calls[0].function.name`. */
  readonly field?: string | undefined;
  readonly expected?: string | undefined;
  readonly actual?: unknown;
  readonly cause?: unknown;
}

/** Everything this package throws. `code` is for programs, `message` for people. */
export class ChatTemplateError extends Error {
  override readonly name = "ChatTemplateError";
  readonly code: ChatTemplateErrorCode;
  readonly messageIndex: number | undefined;
  readonly role: unknown;
  readonly toolIndex: number | undefined;
  readonly field: string | undefined;
  readonly expected: string | undefined;
  readonly actual: unknown;

  constructor(details: ChatTemplateErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.messageIndex = details.messageIndex;
    this.role = details.role;
    this.toolIndex = details.toolIndex;
    this.field = details.field;
    this.expected = details.expected;
    this.actual = details.actual;
  }
}

/** A value in a message, cut short. */
export function describe(value: unknown): string {
  if (value === undefined) return "missing";
  const text = typeof value === "object" || typeof value === "string" ? toJson(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function toJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return "an object that JSON cannot hold";
  }
}
