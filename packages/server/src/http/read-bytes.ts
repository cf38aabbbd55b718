import { ApiError } from "./api-error.ts";

export interface BytesLimits {
  readonly maxBodyBytes: number;
  /** How long the whole body may take to arrive. */
  readonly bodyTimeoutSeconds: number;
}

/**
 * A request's body.
 *
 * @throws {ApiError} when it is compressed, too large, too slow, or breaks off. What has not arrived by then is not read.
 */
export async function readBytes(request: Request, limits: BytesLimits): Promise<Uint8Array> {
  const { maxBodyBytes } = limits;
  requirePlain(request.headers.get("content-encoding"));
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

function requirePlain(encoding: string | null): void {
  if (encoding === null || encoding.trim().toLowerCase() === "identity") return;
  throw new ApiError(
    "mediaType",
    `The body is compressed ("content-encoding: ${encoding}"); send it as it is.`,
    {
      code: "unsupported_content_encoding",
    },
  );
}

function noBody(): ApiError {
  return new ApiError("invalid", "The request has no body.", { code: "no_body" });
}

function tooLarge(limit: number): ApiError {
  return new ApiError("tooLarge", `The body has more than the ${limit} bytes that this server takes.`, {
    code: "request_too_large",
  });
}

function tooSlow({ bodyTimeoutSeconds }: BytesLimits): ApiError {
  return new ApiError("slowBody", `The body did not arrive within ${bodyTimeoutSeconds} seconds.`, {
    code: "body_timeout",
  });
}
