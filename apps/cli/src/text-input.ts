import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { addAbortSignal, type Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { InputError } from "./errors.ts";
import { errorMessage } from "./report-error.ts";

/** Standard input's name on the command line. */
const STANDARD_INPUT = "-";

/** What to call an input in a message. */
export function inputName(path: string | undefined): string {
  return path === undefined || path === STANDARD_INPUT ? "standard input" : path;
}

/**
 * A whole text file; standard input for `-` or nothing.
 *
 * @throws {InputError} when it cannot be read.
 */
export async function readInput(path?: string): Promise<string> {
  try {
    return await (isStandardInput(path) ? text(process.stdin) : readFile(path, "utf8"));
  } catch (error) {
    throw readError(inputName(path), error);
  }
}

/**
 * The lines of a text file, or of standard input, as they come. Only a line feed ends a line: Node's own
 * readline would also cut JSON strings at U+2028.
 *
 * @throws {InputError} when it cannot be read; when `signal` is aborted, its reason.
 */
export async function* readLines(
  path?: string,
  signal?: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const stream: Readable = isStandardInput(path) ? process.stdin : createReadStream(path);
  if (signal) addAbortSignal(signal, stream);
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const chunk of stream) {
      const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const line of lines) yield line.endsWith("\r") ? line.slice(0, -1) : line;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw readError(inputName(path), error);
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}

function isStandardInput(path: string | undefined): path is undefined {
  return path === undefined || path === STANDARD_INPUT;
}

function readError(input: string, cause: unknown): InputError {
  const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
  return isMissing
    ? new InputError("INPUT_MISSING", input, `There is no file "${input}".`, { cause })
    : new InputError("INPUT_FAILED", input, `${input} could not be read: ${errorMessage(cause)}.`, { cause });
}
