import type { BatchOptions, ResolvedOptions } from "../handler-options.ts";
import { BatchService } from "./batch-service.ts";

/**
 * Begins to run what batches are there, and what come.
 *
 * @param answer - answers a request in the name of the client who owns the batch.
 */
export function startBatches(
  { store, queue, concurrency = 4 }: BatchOptions,
  { drain, abort, onError }: ResolvedOptions,
  answer: (owner: string, request: Request) => Response | Promise<Response>,
): BatchService {
  const service = new BatchService(store, queue, async (owner, endpoint, body, signal) => {
    const headers = { "content-type": "application/json" };
    // The host is nobody's: the request goes nowhere.
    const url = `http://batch.invalid${endpoint}`;
    return answer(owner, new Request(url, { method: "POST", headers, body: JSON.stringify(body), signal }));
  });
  for (const signal of [drain, abort])
    signal?.addEventListener("abort", () => service.stop(), { once: true });
  service.start(concurrency).catch((error) => onError(error, "batches"));
  return service;
}
