/** What kind of refusal or failure it is. Each API has its own words for these. */
export type ErrorKind =
  | "invalid"
  | "authentication"
  | "forbidden"
  | "missing"
  | "method"
  | "slowBody"
  | "tooLarge"
  | "mediaType"
  | "rateLimit"
  | "quota"
  | "internal"
  | "upstream"
  | "overloaded"
  | "timeout";

interface Words {
  readonly status: number;
  /** `error.type` of OpenAI's API. */
  readonly openai: string;
  /** `error.type` of Anthropic's API. */
  readonly anthropic: string;
}

const kinds: Readonly<Record<ErrorKind, Words>> = {
  invalid: { status: 400, openai: "invalid_request_error", anthropic: "invalid_request_error" },
  authentication: { status: 401, openai: "authentication_error", anthropic: "authentication_error" },
  forbidden: { status: 403, openai: "permission_error", anthropic: "permission_error" },
  // OpenAI has no word of its own for these.
  missing: { status: 404, openai: "invalid_request_error", anthropic: "not_found_error" },
  method: { status: 405, openai: "invalid_request_error", anthropic: "invalid_request_error" },
  slowBody: { status: 408, openai: "timeout_error", anthropic: "timeout_error" },
  tooLarge: { status: 413, openai: "invalid_request_error", anthropic: "request_too_large" },
  mediaType: { status: 415, openai: "invalid_request_error", anthropic: "invalid_request_error" },
  rateLimit: { status: 429, openai: "rate_limit_error", anthropic: "rate_limit_error" },
  quota: { status: 429, openai: "insufficient_quota", anthropic: "rate_limit_error" },
  internal: { status: 500, openai: "server_error", anthropic: "api_error" },
  upstream: { status: 502, openai: "server_error", anthropic: "api_error" },
  overloaded: { status: 503, openai: "overloaded_error", anthropic: "overloaded_error" },
  timeout: { status: 504, openai: "timeout_error", anthropic: "timeout_error" },
};

export interface ApiErrorOptions {
  /** A code for programs, such as `context_length_exceeded`. */
  readonly code?: string | undefined;
  /** The path of the field that is wrong: `messages[0].content`. */
  readonly param?: string | undefined;
  /** When it is worth trying again. */
  readonly retryAfterSeconds?: number | undefined;
  /** The methods that the address has. */
  readonly allow?: string | undefined;
  readonly cause?: unknown;
}

/** An error that the client is told. */
export class ApiError extends Error {
  readonly kind: ErrorKind;
  readonly code: string | null;
  readonly param: string | null;
  readonly retryAfterSeconds: number | undefined;
  readonly allow: string | undefined;

  constructor(kind: ErrorKind, message: string, options: ApiErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = "ApiError";
    this.kind = kind;
    this.code = options.code ?? null;
    this.param = options.param ?? null;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.allow = options.allow;
  }

  get status(): number {
    return kinds[this.kind].status;
  }
}

/** @throws {ApiError} for a field that asks for what there is not here. */
export function unsupported(param: string, why: string): never {
  throw new ApiError("invalid", `${param}: ${why}`, { code: "unsupported", param });
}

/** Whether whoever runs the server should hear of it: the client can do nothing about it. */
export function isOurs({ kind }: ApiError): boolean {
  return kind === "internal" || kind === "upstream";
}

/** The two shapes in which clients expect errors. */
export type ErrorShape = "openai" | "anthropic";

export function errorBody(error: ApiError, shape: ErrorShape, requestId: string): object {
  const { message, param, code } = error;
  if (shape === "openai") {
    return { error: { message, type: kinds[error.kind].openai, param, code }, request_id: requestId };
  }
  return {
    type: "error",
    error: {
      type: kinds[error.kind].anthropic,
      message,
      ...(code !== null && { details: { error_code: code } }),
    },
    request_id: requestId,
  };
}

export function errorResponse(error: ApiError, shape: ErrorShape, requestId: string): Response {
  const headers: Record<string, string> = {};
  if (error.retryAfterSeconds !== undefined) {
    headers["retry-after"] = String(Math.max(1, Math.ceil(error.retryAfterSeconds)));
  }
  if (error.allow !== undefined) headers.allow = error.allow;
  if (error.kind === "authentication") headers["www-authenticate"] = "Bearer";
  return Response.json(errorBody(error, shape, requestId), { status: error.status, headers });
}
