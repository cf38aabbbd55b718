import type { ByteSource, FileSet } from "./storage/byte-source.ts";
import { WeightError } from "./weight-error.ts";

/** Enough to hide the latency of a server, few enough for any server and any index. */
const SHARDS_AT_ONCE = 8;

/** A file of several, and its header. */
export interface Shard<Header> {
  readonly source: ByteSource;
  readonly header: Header;
}

/** The headers of all shards, by their names in order. The first failure ends the other requests. */
export async function readShards<Header>(
  files: FileSet,
  names: Iterable<string>,
  readHeader: (source: ByteSource, signal: AbortSignal) => Promise<Header>,
  signal: AbortSignal | undefined,
): Promise<Map<string, Shard<Header>>> {
  const failure = new AbortController();
  const until = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  const readShard = async (name: string): Promise<[string, Shard<Header>]> => {
    const source = await files.open(name, until);
    if (source === undefined) throw missingFile(files, [name]);
    return [name, { source, header: await readHeader(source, until) }];
  };
  const waiting = [...names].sort();
  const shards = new Map<string, Shard<Header>>();
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

/** @param advice - what else there may be. */
export function missingFile(files: FileSet, names: readonly string[], advice = ""): WeightError {
  return new WeightError({
    code: "WEIGHT_FILE_MISSING",
    message: `There is no ${names.map((name) => files.nameOf(name)).join(" and no ")}.${advice}`,
    file: files.nameOf(names[0]!),
    expected: names,
  });
}
