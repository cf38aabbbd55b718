import type { Hono } from "hono";
import type { Guard } from "./access/guard.ts";
import type { Ledger } from "./accounting/ledger.ts";
import type { ServerMetrics } from "./accounting/server-metrics.ts";
import type { BatchService } from "./batches/batch-service.ts";
import type { Exchange } from "./exchange.ts";
import type { ResolvedOptions } from "./handler-options.ts";
import { ApiError } from "./http/api-error.ts";
import type { ServedModel } from "./model/served-model.ts";

/** What all routes share. */
export interface ServerContext {
  readonly models: readonly ServedModel[];
  readonly options: ResolvedOptions;
  readonly metrics: ServerMetrics;
  readonly guard: Guard;
  readonly ledger: Ledger | undefined;
  /** Present where files and batches are kept. */
  readonly batches: BatchService | undefined;
}

/** The app that routes are added to; each request has its exchange. */
export type App = Hono<{ Variables: { exchange: Exchange } }>;

/** Adds routes. */
export type RouteModule = (app: App, context: ServerContext) => void;

/** @throws {ApiError} `missing` when there is no such model. One that is not named is the first. */
export function findModel({ models }: ServerContext, id: string | null | undefined): ServedModel {
  const model = id == null || id === "" ? models[0] : models.find((each) => each.id === id);
  if (model !== undefined) return model;
  const names = models.map((each) => each.id).join(", ");
  throw new ApiError("missing", `There is no model "${id}" here. There are: ${names}.`, {
    code: "model_not_found",
    param: "model",
  });
}
