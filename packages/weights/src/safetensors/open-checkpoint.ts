import type { ByteSource, FileSet } from "../storage/byte-source.ts";
import { quote, WeightError } from "../weight-error.ts";
import type { WeightFile } from "../weight-file.ts";
import { type CheckpointTensor, SafetensorsCheckpoint } from "./checkpoint.ts";
import { formatOf } from "./dtype.ts";
import { readHeader, type SafetensorsHeader } from "./header.ts";
import type { HeaderTensor } from "./header-tensors.ts";
import { parseShardIndex, type ShardIndex } from "./shard-index.ts";

const SINGLE_FILE = "model.safetensors";
const INDEX_FILE = "model.safetensors.index.json";

/** Enough to hide the latency of a server, few enough for any server and any index. */
const SHARDS_AT_ONCE = 8;

interface Shard {
  readonly source: ByteSource;
  readonly header: SafetensorsHeader;
}

/**
 * @param fileName - a safetensors file or an index (`.json`); without it, the usual names are tried in the
 *   order in which transformers tries them.
 */
export async function openCheckpoint(
  files: FileSet,
  fileName: string | undefined,
  signal: AbortSignal | undefined,
): Promise<WeightFile> {
  signal?.throwIfAborted();
  if (!fileName?.endsWith(".json")) {
    const source = await files.open(fileName ?? SINGLE_FILE, signal);
    if (source !== undefined) return await openSingle(source, signal);
    if (fileName !== undefined) throw missingFile(files, [fileName]);
  }
  const indexName = fileName ?? INDEX_FILE;
  const index = await files.read(indexName, signal);
  if (index === undefined)
    throw missingFile(files, fileName === undefined ? [SINGLE_FILE, INDEX_FILE] : [fileName]);
  return await openShards(files, parseShardIndex(index, files.nameOf(indexName)), signal);
}

async function openSingle(source: ByteSource, signal: AbortSignal | undefined): Promise<WeightFile> {
  const { metadata, tensors } = await readHeader(source, signal);
  const entries = [...tensors].map(([name, tensor]) => [name, checkpointTensor(tensor, source)] as const);
  return new SafetensorsCheckpoint(source.name, metadata, new Map(entries));
}

/** The index decides: a tensor that it does not name does not belong to the checkpoint. */
async function openShards(
  files: FileSet,
  { metadata, shardOf }: ShardIndex,
  signal: AbortSignal | undefined,
): Promise<WeightFile> {
  const tensors = new Map<string, CheckpointTensor>();
  for (const [shardName, { source, header }] of await readShards(files, new Set(shardOf.values()), signal)) {
    for (const [name, tensor] of header.tensors) {
      if (shardOf.get(name) === shardName) tensors.set(name, checkpointTensor(tensor, source));
    }
  }
  for (const [name, shardName] of shardOf) {
    if (!tensors.has(name)) throw missingTensor(name, files.nameOf(shardName));
  }
  return new SafetensorsCheckpoint(files.location, metadata, tensors);
}

/** The headers of all shards. The first failure ends the other requests. */
async function readShards(
  files: FileSet,
  names: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<Map<string, Shard>> {
  const failure = new AbortController();
  const until = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  const readShard = async (name: string): Promise<[string, Shard]> => {
    const source = await files.open(name, until);
    if (source === undefined) throw missingFile(files, [name]);
    return [name, { source, header: await readHeader(source, until) }];
  };
  const waiting = [...names].sort();
  const shards = new Map<string, Shard>();
  try {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, SHARDS_AT_ONCE);
      for (const [name, shard] of await Promise.all(batch.map(readShard))) shards.set(name, shard);
    }
  } catch (error) {
    failure.abort(error);
    throw error;
  }
  return shards;
}

function checkpointTensor(tensor: HeaderTensor, source: ByteSource): CheckpointTensor {
  const format = formatOf(tensor.dtype);
  const spec = format && { shape: tensor.shape, format };
  return { tensor: { ...tensor, spec, file: source.name }, source };
}

function missingFile(files: FileSet, names: readonly string[]): WeightError {
  return new WeightError({
    code: "WEIGHT_FILE_MISSING",
    message: `There is no ${names.map((name) => files.nameOf(name)).join(" and no ")}.`,
    file: files.nameOf(names[0]!),
    expected: names,
  });
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
