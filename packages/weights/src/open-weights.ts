import { type OpenOptions, openModelFolder } from "./model-folder.ts";
import type { ModelLocation } from "./storage/locate.ts";
import type { WeightFile } from "./weight-file.ts";

/**
 * Opens a checkpoint: reads and checks its headers, and nothing else.
 *
 * @param location - a GGUF file (any part of one that is split), a safetensors file or its index of shards,
 *   or the folder that holds one of them: as a path, as a URL (which names a folder unless it ends in `.gguf`,
 *   `.safetensors` or `.safetensors.index.json`), as a blob, or as blobs by file name. Servers must
 *   answer Range requests for files above 64 MiB.
 * @throws {WeightError} when a file is missing, corrupt, hostile or out of reach; the signal's reason when aborted.
 */
export async function openWeights(location: ModelLocation, options: OpenOptions = {}): Promise<WeightFile> {
  const folder = await openModelFolder(location, options);
  return await folder.weights(options.signal);
}
