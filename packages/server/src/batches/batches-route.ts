import { z } from "zod";
import { ApiError } from "../http/api-error.ts";
import { readJson } from "../http/read-json.ts";
import { validate } from "../http/validation.ts";
import type { App, ServerContext } from "../server-context.ts";
import type { Batch } from "./batch.ts";
import { type BatchService, batchEndpoints } from "./batch-service.ts";
import { ownerOf, storeOf } from "./batch-store-of.ts";

const schema = z.object({
  input_file_id: z.string(),
  endpoint: z.enum(batchEndpoints),
  completion_window: z.literal("24h"),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
});

export const createBatchSchema: z.ZodType = schema;

/** `/v1/batches`: create, list, look at and cancel. */
export function batchesRoute(app: App, context: ServerContext): void {
  app.post("/v1/batches", async (c) => {
    const store = storeOf(context);
    const body = validate(schema, await readJson(c.req.raw, context.options));
    const owner = ownerOf(c);
    const file = await store.file(body.input_file_id);
    if (file === undefined || file.owner !== owner) {
      throw new ApiError("missing", `input_file_id: there is no file "${body.input_file_id}" here.`, {
        code: "file_not_found",
        param: "input_file_id",
      });
    }
    const batch = await serviceOf(context).create({
      ...{ owner, endpoint: body.endpoint, inputFile: file.id, window: body.completion_window },
      metadata: body.metadata ?? null,
    });
    return Response.json(batchBody(batch));
  });
  app.get("/v1/batches", async (c) => {
    const all = await storeOf(context).batches(ownerOf(c));
    const after = c.req.query("after");
    const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
    const limit = Math.min(Math.max(Number(c.req.query("limit") ?? 20) || 20, 1), 100);
    const data = all.slice(start, start + limit).map(batchBody);
    return Response.json({
      ...{ object: "list", data, has_more: start + limit < all.length },
      ...{ first_id: all[start]?.id ?? null, last_id: all[start + data.length - 1]?.id ?? null },
    });
  });
  app.get("/v1/batches/:id", async (c) => Response.json(batchBody(await ownBatch(context, c))));
  app.post("/v1/batches/:id/cancel", async (c) => {
    return Response.json(batchBody(await serviceOf(context).cancel(await ownBatch(context, c))));
  });
}

function serviceOf(context: ServerContext): BatchService {
  storeOf(context);
  return context.batches!;
}

async function ownBatch(context: ServerContext, c: Parameters<typeof ownerOf>[0]): Promise<Batch> {
  const id = c.req.param("id")!;
  const batch = await storeOf(context).batch(id);
  if (batch !== undefined && batch.owner === ownerOf(c)) return batch;
  throw new ApiError("missing", `There is no batch "${id}" here.`, { code: "batch_not_found" });
}

function batchBody(batch: Batch): object {
  const { times, problems } = batch;
  return {
    ...{ id: batch.id, object: "batch", endpoint: batch.endpoint },
    errors:
      problems.length === 0
        ? null
        : { object: "list", data: problems.map((problem) => ({ ...problem, param: null })) },
    ...{ input_file_id: batch.inputFile, completion_window: batch.window, status: batch.status },
    ...{ output_file_id: batch.outputFile, error_file_id: batch.errorFile },
    ...{ created_at: times.created, in_progress_at: times.in_progress ?? null, expires_at: batch.expires },
    ...{ finalizing_at: times.finalizing ?? null, completed_at: times.completed ?? null },
    ...{ failed_at: times.failed ?? null, expired_at: times.expired ?? null },
    ...{ cancelling_at: times.cancelling ?? null, cancelled_at: times.cancelled ?? null },
    request_counts: { total: batch.total, completed: batch.completed, failed: batch.failed },
    metadata: batch.metadata,
  };
}
