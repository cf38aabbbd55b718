import { Checkpoint, type CheckpointTensor } from "../checkpoint.ts";
import { readShards, type Shard } from "../shards.ts";
import type { ByteSource, FileSet } from "../storage/byte-source.ts";
import { quote, WeightError } from "../weight-error.ts";
import type { WeightFile } from "../weight-file.ts";
import { typesWithFormat } from "./ggml-types.ts";
import { type GgufHeader, readGgufHeader } from "./header.ts";

type Part = Shard<GgufHeader>;

/** `model-00001-of-00003.gguf`, as llama.cpp names the parts of a split file. */
const partName = /^(.*)-(\d{5})-of-(\d{5})(\.gguf)$/i;

/**
 * Opens a GGUF file, and the other parts when it is one of a split file. Metadata are the first part's.
 *
 * @throws {WeightError} `WEIGHT_SPLIT_INVALID` when the parts do not belong together.
 */
export async function openGguf(
  files: FileSet,
  fileName: string,
  source: ByteSource,
  signal: AbortSignal | undefined,
): Promise<WeightFile> {
  const header = await readGgufHeader(source, signal);
  const count = splitNumber(header, "count") ?? 0;
  if (count <= 1) return checkpoint(source.name, [{ source, header }]);
  const names = partNames(fileName, count, source.name);
  const parts = await readShards(files, names, readGgufHeader, signal);
  const ordered = names.map((name, part) => {
    const shard = parts.get(name)!;
    checkPart(shard, part, count);
    return shard;
  });
  const location = files.nameOf(names[0]!);
  const file = checkpoint(location, ordered);
  const expected = splitNumber(ordered[0]!.header, "tensors.count");
  if (expected !== undefined && expected !== file.tensors.size) {
    throw invalid(location, `has ${expected} tensors by its header`, expected, file.tensors.size);
  }
  return file;
}

/** A key of those that describe a split. A value that is not a number counts as absent. */
function splitNumber({ metadata }: GgufHeader, key: string): number | undefined {
  const value = metadata[`split.${key}`];
  return typeof value === "number" ? value : undefined;
}

/** The names of all parts, from that of any. */
function partNames(fileName: string, count: number, file: string): string[] {
  const [, prefix, , total, suffix] = partName.exec(fileName) ?? [];
  if (total === undefined || Number(total) !== count) {
    const expected = `name-00001-of-${String(count).padStart(5, "0")}.gguf`;
    throw invalid(file, `is one of ${count} parts, and must be named like ${expected}`, expected, fileName);
  }
  return Array.from({ length: Number(total) }, (_, part) => {
    return `${prefix}-${String(part + 1).padStart(5, "0")}-of-${total}${suffix}`;
  });
}

function checkPart({ source, header }: Part, part: number, count: number): void {
  const actualPart = splitNumber(header, "no");
  const actualCount = splitNumber(header, "count");
  if (actualPart === part && actualCount === count) return;
  const place = actualPart === undefined ? "no part" : `part ${actualPart + 1} of ${actualCount}`;
  const what = `is ${place} by its header, and not part ${part + 1} of ${count}`;
  throw invalid(source.name, what, [part, count], [actualPart, actualCount]);
}

function checkpoint(location: string, parts: readonly Part[]): WeightFile {
  const tensors = new Map<string, CheckpointTensor>();
  for (const { source, header } of parts) {
    for (const [name, tensor] of header.tensors) {
      if (tensors.has(name))
        throw invalid(location, `has tensor ${quote(name)} in two parts`, undefined, name);
      tensors.set(name, { tensor: { ...tensor, file: source.name }, source });
    }
  }
  return new Checkpoint({
    format: "gguf",
    location,
    metadata: parts[0]!.header.metadata,
    keys: parts[0]!.header.keys,
    tensors,
    loadableDTypes: typesWithFormat,
  });
}

function invalid(file: string, what: string, expected: unknown, actual: unknown): WeightError {
  return new WeightError({
    code: "WEIGHT_SPLIT_INVALID",
    message: `${file} ${what}. Check that all parts are of one model.`,
    file,
    expected,
    actual,
  });
}
