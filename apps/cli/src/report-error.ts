import { CommanderError } from "commander";
import { inCommandLineTerms } from "./command-line-terms.ts";
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
  if (error instanceof CommanderError) return "USAGE";
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "UNEXPECTED";
}

export function errorMessage(error: unknown): string {
  // Without a command the help has been shown, and says all there is to say.
  if (error instanceof CommanderError && error.code === "commander.help") return "Which command?";
  const message = error instanceof Error ? inCommandLineTerms(error) : String(error);
  if (!(error instanceof CommanderError)) return message;
  return `${message.replace(/^error: /, "")} (krait --help lists the commands, krait <command> --help the flags.)`;
}

/** An error as one line, or with `verbose` as many as its stack has; it ends in a newline. */
export function formatError(error: unknown, { json, verbose }: ReportStyle = {}): string {
  const message = errorMessage(error);
  if (json) return `${JSON.stringify({ error: { code: errorCode(error), message } })}\n`;
  if (verbose && error instanceof Error) return `krait: ${error.stack}\n`;
  return `krait: ${message.trim().replace(/\s*\n\s*/g, " ")}\n`;
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  if (error instanceof UsageError) return ExitCode.usage;
  return error instanceof InterruptedError ? ExitCode.interrupted : ExitCode.failure;
}
