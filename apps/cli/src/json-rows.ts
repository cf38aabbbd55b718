import { InputError } from "./errors.ts";
import { ExitCode } from "./exit-code.ts";
import { errorCode, errorMessage } from "./report-error.ts";
import { decodeText, inputName, readLines } from "./text-input.ts";
import { write } from "./write.ts";

export interface RowOptions {
  /** Reads one line; `JSON.parse` unless given. */
  readonly parse?: (line: string) => unknown;
}

/**
 * Answers each line of JSON with a line of JSON. A row that fails, an empty line among them, is answered
 * with its error and number, and the others go on: line n of the output is always the answer to line n.
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
  const input = inputName(path);
  let number = 0;
  for await (const line of readLines(path)) {
    number++;
    let result: unknown;
    try {
      result = await answer(readRow(decodeText(line, input), parse, input));
    } catch (error) {
      exitCode = ExitCode.failure;
      const message = `${input}, line ${number}: ${errorMessage(error)}`;
      result = { error: { code: errorCode(error), message } };
    }
    await write(process.stdout, `${JSON.stringify(result)}\n`);
  }
  return exitCode;
}

function readRow(
  line: string,
  parse: (line: string) => unknown,
  input: string,
): Readonly<Record<string, unknown>> {
  if (line.trim() === "") {
    throw new InputError("INPUT_INVALID", input, "An empty line; a row should be a JSON object.");
  }
  let row: unknown;
  try {
    row = parse(line);
  } catch (cause) {
    throw new InputError("INPUT_INVALID", input, errorMessage(cause), { cause });
  }
  if (typeof row === "object" && row !== null && !Array.isArray(row)) return row as Record<string, unknown>;
  throw new InputError("INPUT_INVALID", input, "A row should be a JSON object.");
}
