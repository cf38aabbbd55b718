import type { MiddlewareHandler } from "hono";
import { ApiError } from "./api-error.ts";

/**
 * Lets pages of some origins use the API. Those of all others are refused: without that any page that
 * somebody looks at could put questions to a server on their machine.
 */
export function crossOrigin(origins: readonly string[]): MiddlewareHandler {
  return async (c, next) => {
    const origin = c.req.header("origin");
    if (origin === undefined || isSameOrigin(origin, c.req.raw)) return next();
    if (!origins.includes("*") && !origins.includes(origin)) {
      throw new ApiError("forbidden", `Pages of ${origin} may not use this server.`, {
        code: "origin_not_allowed",
      });
    }
    const headers = {
      "access-control-allow-origin": origin,
      "access-control-expose-headers": "x-request-id, retry-after",
      vary: "origin",
    };
    if (c.req.method === "OPTIONS") {
      const wanted = c.req.header("access-control-request-headers");
      return new Response(null, {
        status: 204,
        headers: {
          ...headers,
          "access-control-allow-methods": "GET, POST, DELETE",
          "access-control-max-age": "600",
          ...(wanted !== undefined && { "access-control-allow-headers": wanted }),
        },
      });
    }
    await next();
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
  };
}

function isSameOrigin(origin: string, request: Request): boolean {
  const host = request.headers.get("host") ?? new URL(request.url).host;
  return origin === `http://${host}` || origin === `https://${host}`;
}
