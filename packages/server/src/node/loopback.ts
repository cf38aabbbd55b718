import { randomId } from "../exchange.ts";
import type { Handler } from "../handler.ts";
import { ApiError, errorResponse } from "../http/api-error.ts";

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Refuses requests that name another host than this machine. Without keys nothing else stands between the
 * model and a page whose own name was made to lead here.
 */
export function withKnownHost(handler: Handler): Handler {
  return async (request) => {
    const { hostname } = new URL(request.url);
    if (isLoopback(hostname.replace(/^\[|\]$/g, ""))) return handler(request);
    const message = `This server answers as localhost only, and not as "${hostname}".`;
    const id = `req_${randomId()}`;
    const error = new ApiError("forbidden", message, { code: "host_not_allowed" });
    const response = errorResponse(error, "openai", id);
    response.headers.set("x-request-id", id);
    return response;
  };
}
