import { homedir } from "node:os";
import { join } from "node:path";
import type { OpenBatches } from "@krait/server/node";
import { errorMessage } from "../report-error.ts";

export interface BatchFlags {
  readonly batches?: string;
}

/** Where batches are kept: the folder that is named, else the Redis at `REDIS_URL`, else a folder of this user's. */
export async function batchesOf(
  { batches: named }: BatchFlags,
  say: (line: string) => void,
): Promise<OpenBatches | undefined> {
  const { openBatches } = await import("@krait/server/node");
  const onError = (error: unknown): void => say(`Batches: ${errorMessage(error)}`);
  const { REDIS_URL, XDG_DATA_HOME } = process.env;
  if (named !== undefined) return await openBatches({ folder: named, onError });
  if (REDIS_URL) return await openBatches({ redisUrl: REDIS_URL, onError });
  const folder = join(XDG_DATA_HOME || join(homedir(), ".local", "share"), "krait", "batches");
  try {
    return await openBatches({ folder, onError });
  } catch (error) {
    // Nobody asked for them by name, so whatever else is served goes on.
    say(`There are no batches: ${errorMessage(error)}`);
    return undefined;
  }
}
