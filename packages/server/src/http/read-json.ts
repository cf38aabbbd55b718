import { ApiError } from "./api-error.ts";
import { nestingExceeds } from "./nesting.ts";

export interface BodyLimits {
  readonly maxBodyBytes: number;
  /** Objects and lists inside each other. */
  readonly maxNesting: number;
  /** How long the whole body may take to arrive. */
  readonly bodyTimeoutSeconds: number;
}

/**
 * The JSON of a request's body.
 *
 * @throws {ApiError} for a body that is too large, too slow, not UTF-8, not JSON or nested too deeply. What
 *   has not arrived by then is not read.
 */
export async function readJson(request: Request, limits: BodyLimits): Promise<unknown> {
  requireJsonType(request.headers.get("content-type"));
  const bytes = await readBytes(request, limits);
  const text = decode(bytes);
  if (nestingExceeds(text, limits.maxNesting)) {
    throw new ApiError("invalid", `The body nests objects and lists more than ${limits.maxNesting} deep.`, {
      code: "nesting_too_deep",
    });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8 quotes the text around the fault, which is the client's own.
    throw new ApiError("invalid", `The body is not valid JSON: ${(error as Error).message}.`, {
      code: "invalid_json",
    });
  }
}

/** A page of another site may send text and forms unasked, but not JSON: that takes its browser's question. */
function requireJsonType(type: string | null): void {
  const essence = type?.split(";")[0]?.trim().toLowerCase();
  if (essence === "application/json" || essence?.endsWith("+json")) return;
  throw new ApiError(
    "mediaType",
    `The body should be sent as "content-type: application/json", but came ${type === null ? "without a type" : `as "${type}"`}.`,
    { code: "unsupported_media_type" },
  );
}

async function readBytes(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  const { maxBodyBytes } = limits;
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > maxBodyBytes) throw tooLarge(maxBodyBytes);
  if (request.body === null) throw noBody();
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooSlow(limits)), 1000 * limits.bodyTimeoutSeconds);
  });
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late]);
      if (done) break;
      length += value.byteLength;
      if (length > maxBodyBytes) throw tooLarge(maxBodyBytes);
      chunks.push(value);
    }
  } catch (error) {
    reader.cancel(error).catch(() => {});
    if (error instanceof ApiError) throw error;
    throw new ApiError("invalid", "The body broke off.", { code: "incomplete_body", cause: error });
  } finally {
    clearTimeout(timer);
  }
  if (length === 0) throw noBody();
  return joined(chunks, length);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ApiError("invalid", "The body is not valid UTF-8.", { code: "invalid_utf8" });
  }
}

function noBody(): ApiError {
  return new ApiError("invalid", "The request has no body.", { code: "no_body" });
}

function tooLarge(limit: number): ApiError {
  return new ApiError("tooLarge", `The body has more than the ${limit} bytes that this server takes.`, {
    code: "request_too_large",
  });
}

function tooSlow({ bodyTimeoutSeconds }: BodyLimits): ApiError {
  return new ApiError("slowBody", `The body did not arrive within ${bodyTimeoutSeconds} seconds.`, {
    code: "body_timeout",
  });
}
