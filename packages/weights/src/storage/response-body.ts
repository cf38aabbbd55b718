import { WeightError } from "../weight-error.ts";
import { readFailed, truncated } from "./byte-source.ts";
import { refuse } from "./http-request.ts";

/** The chunks of a body as the network brings them. Ending the iteration early ends the connection. */
export async function* bodyChunks(
  response: Response,
  name: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw readFailed(name, error);
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** The same chunks. @throws {WeightError} when there are more bytes than expected, or fewer. */
export async function* checkedLength(
  chunks: AsyncIterable<Uint8Array>,
  byteLength: number,
  name: string,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  for await (const chunk of chunks) {
    received += chunk.byteLength;
    if (received > byteLength) throw tooLong(name, byteLength);
    yield chunk;
  }
  if (received < byteLength) throw truncated(name, byteLength, received);
}

/**
 * Chunks of any size as pieces of one size and a shorter last one.
 *
 * @param byteLength - of all pieces; more is an error, and so is less.
 */
export async function* regroup(
  chunks: AsyncIterable<Uint8Array>,
  byteLength: number,
  pieceByteLength: number,
  name: string,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const memory = new Uint8Array(Math.min(pieceByteLength, byteLength));
  let emitted = 0;
  let filled = 0;
  for await (const chunk of chunks) {
    if (emitted + filled + chunk.byteLength > byteLength) throw tooLong(name, byteLength);
    for (let taken = 0; taken < chunk.byteLength; ) {
      const part = chunk.subarray(taken, taken + memory.byteLength - filled);
      memory.set(part, filled);
      filled += part.byteLength;
      taken += part.byteLength;
      if (filled === memory.byteLength || emitted + filled === byteLength) {
        yield memory.subarray(0, filled);
        emitted += filled;
        filled = 0;
      }
    }
  }
  if (emitted < byteLength) throw truncated(name, byteLength, emitted + filled);
}

/** A whole body of bounded size, as a blob: a browser may keep it on disk. */
export async function holdBody(
  response: Response,
  name: string,
  maxBytes: number,
  tooLarge: (byteLength: number) => WeightError,
  signal: AbortSignal | undefined,
): Promise<Blob> {
  // A compressed body declares its compressed length, which says nothing of what arrives here.
  const isCompressed = response.headers.has("content-encoding");
  const declared = isCompressed ? undefined : response.headers.get("content-length");
  const expected = Number(declared ?? Number.NaN);
  if (expected > maxBytes) return await refuse(response, tooLarge(expected));
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let byteLength = 0;
  for await (const chunk of bodyChunks(response, name, signal)) {
    byteLength += chunk.byteLength;
    if (byteLength > maxBytes) throw tooLarge(byteLength);
    parts.push(chunk);
  }
  if (byteLength < expected) throw truncated(name, expected, byteLength);
  return new Blob(parts);
}

function tooLong(name: string, expected: number): WeightError {
  return new WeightError({
    code: "WEIGHT_RANGE_INVALID",
    message: `The server of ${name} sent more than the ${expected} bytes of the range that it announced.`,
    file: name,
    expected,
  });
}
