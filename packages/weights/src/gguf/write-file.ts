import { writeFileAtomically } from "../storage/write-file.ts";
import { encodeGguf, type GgufTensorToWrite } from "./encode.ts";
import type { GgufKey } from "./value-types.ts";

export interface GgufWriteOptions {
  readonly metadata?: Iterable<GgufKey> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a GGUF file, in Node and its like. The file appears under its name when it is complete and on disk,
 * and replaces one that was there; if anything fails, nothing is left and nothing is replaced.
 *
 * @throws {WeightError} `WEIGHT_WRITE_INVALID` as {@link encodeGguf} does, `WEIGHT_WRITE_FAILED` when the
 *   file system refuses; the signal's reason when aborted; what a tensor's stream throws, as it is.
 */
export async function writeGgufFile(
  path: string,
  tensors: Iterable<GgufTensorToWrite>,
  { metadata, signal }: GgufWriteOptions = {},
): Promise<void> {
  await writeFileAtomically(path, encodeGguf(tensors, metadata), signal);
}
