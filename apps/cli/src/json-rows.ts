import { InputError } from "./errors.ts";
import { ExitCode } from "./exit-code.ts";
import { errorCode, errorMessage } from "./report-error.ts";
import { inputName, readLines } from "./text-input.ts";
import { write } from "./write.ts";

export interface RowOptions {
  /** Reads one line; `JSON.parse` unless given. */
  readonly parse?: (line: string) => unknown;
}

/**
 * Answers each line of JSON with a line of JSON. A row that fails is answered with its error, and the
 * others go on. Empty lines are left out.
 *
 * @param path - a file; standard input unless given.
 * @returns the exit code: a failure if any row failed.
 */
export async function answerRows(
  path: string | undefined,
  answer: (row: Readonly<Record<string, unknown>>) => unknown,
  { parse = JSON.parse }: RowOptions = {},
): Promise<number> {
  let exitCode: number = ExitCode.ok;
  let number = 0;
  for await (const line of readLines(path)) {
    number++;
    if (line.trim() === "") continue;
    let result: unknown;
    try {
      result = await answer(readRow(line, parse, `${inputName(path)}, line ${number}`));
    } catch (error) {
      exitCode = ExitCode.failure;
      result = { error: { code: errorCode(error), message: errorMessage(error) } };
    }
    await write(process.stdout, `${JSON.stringify(result)}\n`);
  }
  return exitCode;
}

function readRow(
  line: string,
  parse: (line: string) => unknown,
  where: string,
): Readonly<Record<string, unknown>> {
  let row: unknown;
  try {
    row = parse(line);
  } catch (cause) {
    throw new InputError("INPUT_INVALID", where, `${where}: ${errorMessage(cause)}`, { cause });
  }
  if (typeof row === "object" && row !== null && !Array.isArray(row)) return row as Record<string, unknown>;
  throw new InputError("INPUT_INVALID", where, `${where} should be a JSON object.`);
}
