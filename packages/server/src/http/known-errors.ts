import { UpstreamError } from "../upstream/upstream-error.ts";
import { ApiError, type ErrorKind } from "./api-error.ts";

interface Meaning {
  readonly kind: ErrorKind;
  /** OpenAI's code where it has one; else ours in lower case. */
  readonly code?: string;
  /** How soon another try may succeed. */
  readonly retryAfterSeconds?: number;
}

/** Codes of the packages below whose cause is the request, or the load. All else is a failure of ours. */
const meanings: Readonly<Record<string, Meaning>> = {
  REQUEST_INVALID: { kind: "invalid" },
  OPTION_INVALID: { kind: "invalid" },
  SAMPLING_OPTION: { kind: "invalid" },
  TEMPLATE_MESSAGE: { kind: "invalid" },
  TEMPLATE_TOOL: { kind: "invalid" },
  TEMPLATE_VALUE: { kind: "invalid" },
  TEMPLATE_FAILED: { kind: "invalid" },
  TEMPLATE_REASONING: { kind: "invalid" },
  TOKENIZER_ID: { kind: "invalid" },
  TOKENIZER_TEXT: { kind: "invalid" },
  GRAMMAR_SCHEMA: { kind: "invalid", code: "invalid_schema" },
  GRAMMAR_REGEX: { kind: "invalid", code: "invalid_regex" },
  GRAMMAR_OPTION: { kind: "invalid" },
  GRAMMAR_EMPTY: { kind: "invalid", code: "invalid_schema" },
  GRAMMAR_TOO_LARGE: { kind: "invalid", code: "invalid_schema" },
  MODEL_FILE_MISSING: { kind: "invalid" },
  CONTEXT_EXCEEDED: { kind: "invalid", code: "context_length_exceeded" },
  QUEUE_FULL: { kind: "overloaded", retryAfterSeconds: 1 },
  SLOTS_EXHAUSTED: { kind: "overloaded", retryAfterSeconds: 1 },
  PAGES_EXHAUSTED: { kind: "overloaded", retryAfterSeconds: 1 },
  ENGINE_DISPOSED: { kind: "overloaded" },
  ENGINE_LOST: { kind: "overloaded" },
  BACKEND_LOST: { kind: "overloaded", retryAfterSeconds: 5 },
  DEADLINE_EXCEEDED: { kind: "timeout" },
};

/**
 * What a client is told of an error. Only errors that it can do something about keep their message: the
 * others may speak of files and addresses that are none of its business.
 */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof UpstreamError) return error.toApiError();
  const { code, message, details } = (error ?? {}) as {
    code?: unknown;
    message?: unknown;
    details?: unknown;
  };
  const meaning = typeof code === "string" && Object.hasOwn(meanings, code) ? meanings[code] : undefined;
  if (meaning === undefined) {
    return new ApiError("internal", "Something went wrong inside the server.", {
      code: "internal_error",
      cause: error,
    });
  }
  const field = code === "REQUEST_INVALID" ? fieldOf(details) : undefined;
  return new ApiError(meaning.kind, field?.message ?? String(message), {
    code: meaning.code ?? String(code).toLowerCase(),
    param: field?.param,
    retryAfterSeconds: meaning.retryAfterSeconds,
    cause: error,
  });
}

/** The fields of requests to the engine that these APIs call otherwise. */
const fieldNames: Readonly<Record<string, string>> = {
  "sampling.logitBias": "logit_bias",
  logitBias: "logit_bias",
  "sampling.logprobs": "top_logprobs",
  maxTokens: "max_tokens",
};

/** What is wrong with a field, in the words of the API. */
function fieldOf(details: unknown): { readonly param: string; readonly message: string } | undefined {
  const { field, expected, actual } = (details ?? {}) as Record<string, unknown>;
  if (typeof field !== "string") return undefined;
  const param = fieldNames[field] ?? field;
  const wanted = typeof expected === "number" ? `at most ${expected}` : expected;
  return { param, message: `${param}: expected ${wanted}, received ${JSON.stringify(actual)}.` };
}
