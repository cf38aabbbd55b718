import { Checkpoint, type CheckpointTensor } from "./checkpoint.ts";
import { isGguf } from "./gguf/header.ts";
import { openGguf } from "./gguf/open-gguf.ts";
import { dtypesWithFormat, formatOf } from "./safetensors/dtype.ts";
import { readHeader } from "./safetensors/header.ts";
import type { HeaderTensor } from "./safetensors/header-tensors.ts";
import { parseShardIndex, type ShardIndex } from "./safetensors/shard-index.ts";
import { missingFile, readShards } from "./shards.ts";
import type { ByteSource, FileSet } from "./storage/byte-source.ts";
import { quote, WeightError } from "./weight-error.ts";
import type { WeightFile } from "./weight-file.ts";

const SINGLE_FILE = "model.safetensors";
const INDEX_FILE = "model.safetensors.index.json";

/**
 * @param fileName - a safetensors or GGUF file, told apart by how they start, or an index (`.json`);
 *   without it, the usual names of safetensors are tried in the order in which transformers tries them.
 */
export async function openCheckpoint(
  files: FileSet,
  fileName: string | undefined,
  signal: AbortSignal | undefined,
): Promise<WeightFile> {
  signal?.throwIfAborted();
  if (!fileName?.endsWith(".json")) {
    const source = await files.open(fileName ?? SINGLE_FILE, signal);
    if (source !== undefined) {
      return fileName !== undefined && (await isGguf(source, signal))
        ? await openGguf(files, fileName, source, signal)
        : await openSingle(source, signal);
    }
    if (fileName !== undefined) throw missingFile(files, [fileName]);
  }
  const indexName = fileName ?? INDEX_FILE;
  const index = await files.read(indexName, signal);
  if (index === undefined && fileName !== undefined) throw missingFile(files, [fileName]);
  if (index === undefined) {
    throw missingFile(files, [SINGLE_FILE, INDEX_FILE], " A .gguf file is opened by its own name.");
  }
  return await openShards(files, parseShardIndex(index, files.nameOf(indexName)), signal);
}

async function openSingle(source: ByteSource, signal: AbortSignal | undefined): Promise<WeightFile> {
  const { metadata, tensors } = await readHeader(source, signal);
  const entries = [...tensors].map(([name, tensor]) => [name, checkpointTensor(tensor, source)] as const);
  return checkpoint(source.name, metadata, new Map(entries));
}

/** The index decides: a tensor that it does not name does not belong to the checkpoint. */
async function openShards(
  files: FileSet,
  { metadata, shardOf }: ShardIndex,
  signal: AbortSignal | undefined,
): Promise<WeightFile> {
  const tensors = new Map<string, CheckpointTensor>();
  for (const [shardName, { source, header }] of await readShards(
    files,
    new Set(shardOf.values()),
    readHeader,
    signal,
  )) {
    for (const [name, tensor] of header.tensors) {
      if (shardOf.get(name) === shardName) tensors.set(name, checkpointTensor(tensor, source));
    }
  }
  for (const [name, shardName] of shardOf) {
    if (!tensors.has(name)) throw missingTensor(name, files.nameOf(shardName));
  }
  return checkpoint(files.location, metadata, tensors);
}

function checkpoint(
  location: string,
  metadata: WeightFile["metadata"],
  tensors: ReadonlyMap<string, CheckpointTensor>,
): WeightFile {
  return new Checkpoint({
    format: "safetensors",
    location,
    metadata,
    tensors,
    loadableDTypes: dtypesWithFormat,
  });
}

function checkpointTensor(tensor: HeaderTensor, source: ByteSource): CheckpointTensor {
  const format = formatOf(tensor.dtype);
  const spec = format && { shape: tensor.shape, format };
  return { tensor: { ...tensor, spec, file: source.name }, source };
}

function missingTensor(tensor: string, file: string): WeightError {
  return new WeightError({
    code: "WEIGHT_TENSOR_MISSING",
    message:
      `The index says that tensor ${quote(tensor)} is in ${file}, but it is not. ` +
      `Check that all files are of one checkpoint.`,
    file,
    tensor,
  });
}
