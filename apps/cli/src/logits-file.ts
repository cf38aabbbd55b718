import { access, constants } from "node:fs/promises";
import { dirname } from "node:path";
import { writeSafetensorsFile } from "@krait/weights";
import { InputError } from "./errors.ts";
import { errorMessage } from "./report-error.ts";

/** Gathers the logits of every step, and writes them once all are there. */
export interface LogitsFile {
  readonly add: (logits: Float32Array) => void;
  readonly addToken: (token: number) => void;
  /** `logits` F32 [steps, vocabulary], `tokens` I32 [steps]: row i is what token i was drawn from. */
  write(signal: AbortSignal): Promise<void>;
}

/** @throws {InputError} when the folder cannot be written to, so that no computation is in vain. */
export async function createLogitsFile(path: string): Promise<LogitsFile> {
  await access(dirname(path), constants.W_OK).catch((cause) => {
    const message = `${path} could not be written: ${errorMessage(cause)}.`;
    throw new InputError("INPUT_FAILED", path, message, { cause });
  });
  const rows: Float32Array[] = [];
  const tokens: number[] = [];
  return {
    add: (logits) => void rows.push(logits.slice()),
    addToken: (token) => void tokens.push(token),
    async write(signal) {
      const vocabularySize = rows[0]?.length ?? 0;
      const steps = tokens.length;
      await writeSafetensorsFile(
        path,
        [
          {
            name: "logits",
            dtype: "F32",
            shape: [steps, vocabularySize],
            data: bytesOf(rows.slice(0, steps)),
          },
          { name: "tokens", dtype: "I32", shape: [steps], data: Int32Array.from(tokens) },
        ],
        { signal },
      );
    },
  };
}

async function* bytesOf(rows: readonly Float32Array[]): AsyncGenerator<Uint8Array> {
  for (const row of rows) yield new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
}
