import { Hono } from "hono";
import { Guard } from "./access/guard.ts";
import { ServerMetrics } from "./accounting/server-metrics.ts";
import { startBatches } from "./batches/start-batches.ts";
import { Exchange } from "./exchange.ts";
import { type HandlerOptions, resolveOptions } from "./handler-options.ts";
import { allowedMethods } from "./http/allowed-methods.ts";
import { ApiError, type ErrorShape, errorResponse, isOurs } from "./http/api-error.ts";
import { crossOrigin } from "./http/cross-origin.ts";
import { toApiError } from "./http/known-errors.ts";
import type { ServedModel } from "./model/served-model.ts";
import { routes } from "./routes/all-routes.ts";
import type { App, ServerContext } from "./server-context.ts";

/** Answers HTTP requests, wherever requests are of the web's standard kind. */
export type Handler = (request: Request) => Promise<Response>;

/** Needs no key: they say nothing about anybody, and whoever asks them often has none. */
const open: ReadonlySet<string> = new Set(["/health", "/ready", "/openapi.json"]);

/**
 * The APIs of OpenAI and Anthropic over models.
 *
 * @param models - one at least. The first answers requests that name none.
 * @throws {TypeError} for no models, or two of one id.
 */
export function createHandler(models: readonly ServedModel[], options: HandlerOptions = {}): Handler {
  requireDistinctModels(models);
  const resolved = resolveOptions(options);
  const { ledger, drain, abort } = resolved;
  const app: App = new Hono();
  const asOwner = new WeakMap<Request, string>();
  const batches =
    resolved.batches &&
    startBatches(resolved.batches, resolved, (owner, request) => {
      asOwner.set(request, owner);
      return app.fetch(request);
    });
  const context: ServerContext = {
    models,
    options: resolved,
    metrics: new ServerMetrics(models, ledger),
    guard: new Guard(resolved.keys, ledger),
    ledger,
    batches,
  };
  app.use("*", async (c, next) => {
    const { raw, path } = c.req;
    const exchange = new Exchange(path, [raw.signal, ...(abort ? [abort] : [])]);
    c.set("exchange", exchange);
    try {
      await next();
    } finally {
      if (!exchange.isGenerating) exchange.close();
    }
    c.header("x-request-id", `req_${exchange.id}`);
    for (const [name, value] of Object.entries(exchange.client?.allowance.headers(Date.now()) ?? {})) {
      c.header(name, value);
    }
    if (drain?.aborted) c.header("connection", "close");
  });
  app.use("*", crossOrigin(resolved.corsOrigins));
  app.use("*", async (c, next) => {
    const { raw, path } = c.req;
    const owner = asOwner.get(raw);
    if (owner !== undefined) c.get("exchange").client = context.guard.named(owner);
    else if (!open.has(path)) c.get("exchange").client = await context.guard.identify(raw.headers);
    await next();
  });
  for (const addRoute of routes) addRoute(app, context);
  app.notFound((c) => {
    const { path, method } = c.req;
    const allow = allowedMethods(app.routes, path).join(", ");
    if (allow === "")
      throw new ApiError("missing", "There is nothing at this address.", { code: "unknown_url" });
    throw new ApiError("method", `${method} is not for this address, but ${allow}.`, {
      code: "method_not_allowed",
      allow,
    });
  });
  app.onError((error, c) => {
    const { signal, id: own } = c.get("exchange");
    const id = `req_${own}`;
    const told = toApiError(signal.aborted ? signal.reason : error);
    // A client that has gone is no failure of ours.
    if (isOurs(told) && !signal.aborted) resolved.onError(error, id);
    return errorResponse(told, shapeOf(c.req.path), id);
  });

  return async (request) => {
    const response = await app.fetch(request);
    context.metrics.requests.add(1, { path: knownPath(app, request), status: String(response.status) });
    return response;
  };
}

function shapeOf(path: string): ErrorShape {
  return path.startsWith("/v1/messages") ? "anthropic" : "openai";
}

/** Paths that are routes; all others are one, so that nobody can fill the metrics with names. */
function knownPath(app: App, request: Request): string {
  const { pathname } = new URL(request.url);
  return app.routes.some(({ path, method }) => method !== "ALL" && path === pathname) ? pathname : "other";
}

function requireDistinctModels(models: readonly ServedModel[]): void {
  if (models.length === 0) throw new TypeError("A handler needs a model to serve.");
  const ids = models.map(({ id }) => id);
  if (new Set(ids).size !== ids.length) {
    throw new TypeError(`Two models have the same id; the ids are: ${ids.join(", ")}.`);
  }
}
