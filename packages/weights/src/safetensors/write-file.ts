import { writeFileAtomically } from "../storage/write-file.ts";
import { encodeSafetensors, type TensorToWrite } from "./encode.ts";

export interface WriteOptions {
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a safetensors file, in Node and its like. The file appears under its name when it is complete and
 * on disk, and replaces one that was there; if anything fails, nothing is left and nothing is replaced.
 *
 * @throws {WeightError} `WEIGHT_WRITE_INVALID` as {@link encodeSafetensors} does, `WEIGHT_WRITE_FAILED` when
 *   the file system refuses; the signal's reason when aborted; what a tensor's stream throws, as it is.
 */
export async function writeSafetensorsFile(
  path: string,
  tensors: Iterable<TensorToWrite>,
  { metadata, signal }: WriteOptions = {},
): Promise<void> {
  await writeFileAtomically(path, encodeSafetensors(tensors, metadata), signal);
}
