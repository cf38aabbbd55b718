import { ApiError } from "./api-error.ts";
import { nestingExceeds } from "./nesting.ts";
import { type BytesLimits, readBytes } from "./read-bytes.ts";

export interface BodyLimits extends BytesLimits {
  /** Objects and lists inside each other. */
  readonly maxNesting: number;
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

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ApiError("invalid", "The body is not valid UTF-8.", { code: "invalid_utf8" });
  }
}
