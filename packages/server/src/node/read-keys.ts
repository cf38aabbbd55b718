import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { AccessKey } from "../access/keys.ts";
import type { ApiError } from "../http/api-error.ts";
import { validate } from "../http/validation.ts";

const limit = z.int().min(1).optional();

const list = z.array(
  z.object({
    name: z.string().min(1),
    key: z.string().min(1).optional(),
    sha256: z.string().optional(),
    requestsPerMinute: limit,
    tokensPerMinute: limit,
    tokensPerDay: limit,
  }),
);

/**
 * The keys in a JSON file: `{ "keys": [{ "name": "alice", "key": "…", "tokensPerDay": 100000 }] }`.
 *
 * @throws {TypeError} when it holds something else, naming the field; whatever reading it throws.
 */
export async function readKeysFile(path: string): Promise<AccessKey[]> {
  const text = await readFile(path, "utf8");
  try {
    return validate(z.object({ keys: list }), JSON.parse(text)).keys;
  } catch (cause) {
    // Only where the fault is: the text of a broken file of keys is nothing to show.
    throw new TypeError(`The file of keys ${path} cannot be used: ${faultOf(cause)}`);
  }
}

function faultOf(error: unknown): string {
  if (error instanceof SyntaxError) return "it is not JSON.";
  const { param, message } = error as ApiError;
  return param === null ? 'it should be { "keys": [ … ] }.' : message;
}

/**
 * The keys in a variable of the environment: `alice:key,bob:key`, or keys alone, which are then named
 * `key-1` and so on.
 */
export function keysInText(text: string): AccessKey[] {
  return text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
    .map((entry, index) => {
      const [, name, key] = /^([\w.-]+):(.+)$/.exec(entry) ?? [];
      return name === undefined || key === undefined
        ? { name: `key-${index + 1}`, key: entry }
        : { name, key };
    });
}
