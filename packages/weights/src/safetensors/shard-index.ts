import { DuplicateKeyError, parseStrictJson } from "../json/strict-json.ts";
import { quote, WeightError } from "../weight-error.ts";

/** `model.safetensors.index.json`: which shard holds which tensor. */
export interface ShardIndex {
  readonly metadata: Readonly<Record<string, unknown>>;
  /** File name of the shard, by tensor name. */
  readonly shardOf: ReadonlyMap<string, string>;
}

/**
 * @param file - what to call the index in an error.
 * @throws {WeightError} `WEIGHT_INDEX_INVALID`, also for a shard that is not a plain file name: an index
 *   must not reach outside its own folder.
 */
export function parseShardIndex(bytes: Uint8Array, file: string): ShardIndex {
  const index = asObject(parseJson(bytes, file), file, "the index");
  const weightMap = asObject(index.weight_map, file, '"weight_map"');
  for (const [tensor, shard] of Object.entries(weightMap)) {
    if (!isFileName(shard)) throw notAFileName(file, tensor, shard);
  }
  return {
    metadata: asObject(index.metadata ?? {}, file, '"metadata"'),
    shardOf: new Map(Object.entries(weightMap as Record<string, string>)),
  };
}

/** One path segment on every system: no separator, no drive or stream, no way up. */
function isFileName(name: unknown): name is string {
  return typeof name === "string" && /^[^/\\:\0]{1,255}$/.test(name) && name !== "." && name !== "..";
}

function parseJson(bytes: Uint8Array, file: string): unknown {
  try {
    return parseStrictJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    const repeated = cause instanceof DuplicateKeyError ? cause.key : undefined;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WeightError({
      code: "WEIGHT_INDEX_INVALID",
      message: `${file} is not an index of shards: ${reason}${repeated === undefined ? "" : ` (${quote(repeated)})`}.`,
      file,
      tensor: repeated,
      expected: "a JSON object without repeated names",
      cause,
    });
  }
}

function asObject(value: unknown, file: string, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new WeightError({
    code: "WEIGHT_INDEX_INVALID",
    message: `${what} in ${file} must be an object. Is it model.safetensors.index.json, unchanged?`,
    file,
    expected: "an object",
    actual: value,
  });
}

function notAFileName(file: string, tensor: string, actual: unknown): WeightError {
  return new WeightError({
    code: "WEIGHT_INDEX_INVALID",
    message:
      `${file} says that tensor ${quote(tensor)} is in ${quote(String(actual))}, ` +
      `which is not the name of a file in the same folder.`,
    file,
    tensor,
    expected: "a file name",
    actual,
  });
}
