import type { Context } from "hono";
import type { Exchange } from "../exchange.ts";
import { ApiError } from "../http/api-error.ts";
import type { ServerContext } from "../server-context.ts";
import type { BatchStore } from "./batch-store.ts";

/** @throws {ApiError} where the server keeps no batches. */
export function storeOf({ options }: ServerContext): BatchStore {
  if (options.batches !== undefined) return options.batches.store;
  throw new ApiError("missing", "This server keeps no files and batches.", { code: "unsupported" });
}

/** The name of the client's key; empty where there are no keys. */
export function ownerOf(c: Context<{ Variables: { exchange: Exchange } }>): string {
  return c.get("exchange").client?.key.name ?? "";
}
