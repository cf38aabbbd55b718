import { InterruptedError, UsageError } from "./errors.ts";
import { ExitCode } from "./exit-code.ts";

/** How an error is shown. */
export interface ReportStyle {
  /** As a JSON line, for programs. */
  readonly json?: boolean | undefined;
  /** With the stack, for whoever mends the program. */
  readonly verbose?: boolean | undefined;
}

/** The code by which programs recognise an error. */
export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "UNEXPECTED";
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** An error as one line, or with `verbose` as many as its stack has; it ends in a newline. */
export function formatError(error: unknown, { json, verbose }: ReportStyle = {}): string {
  const message = errorMessage(error);
  if (json) return `${JSON.stringify({ error: { code: errorCode(error), message } })}\n`;
  if (verbose && error instanceof Error) return `krait: ${error.stack}\n`;
  const line = `krait: ${message.trim().replace(/\s*\n\s*/g, " ")}`;
  return `${line}\n`;
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return ExitCode.usage;
  return error instanceof InterruptedError ? ExitCode.interrupted : ExitCode.failure;
}
