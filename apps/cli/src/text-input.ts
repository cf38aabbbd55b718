import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { addAbortSignal, type Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
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
 * @throws {InputError} when it cannot be read, or is not UTF-8.
 */
export async function readInput(path?: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await (isStandardInput(path) ? buffer(process.stdin) : readFile(path));
  } catch (error) {
    throw readError(inputName(path), error);
  }
  return decodeText(bytes, inputName(path));
}

/** @throws {InputError} when the bytes are not UTF-8. */
export function decodeText(bytes: Uint8Array, input: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new InputError("INPUT_INVALID", input, `${input} is not UTF-8 text.`, { cause });
  }
}

/**
 * The lines of a text file, or of standard input, as they come. Only a line feed ends a line: Node's own
 * readline would also cut JSON strings at U+2028. They are bytes, so that one line that is no text does
 * not end the others.
 *
 * @throws {InputError} when it cannot be read; when `signal` is aborted, its reason.
 */
export async function* readLines(
  path?: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stream: Readable = isStandardInput(path) ? process.stdin : createReadStream(path);
  if (signal) addAbortSignal(signal, stream);
  let parts: Buffer[] = [];
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf("\n"); end >= 0; end = chunk.indexOf("\n", start)) {
        yield lineOf([...parts, chunk.subarray(start, end)]);
        parts = [];
        start = end + 1;
      }
      if (start < chunk.length) parts.push(chunk.subarray(start));
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw readError(inputName(path), error);
  }
  if (parts.length > 0) yield lineOf(parts);
}

/** Without the carriage return of a line from Windows. */
function lineOf(parts: readonly Buffer[]): Uint8Array {
  const line = Buffer.concat(parts);
  return line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
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
