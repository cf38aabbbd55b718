import { type ByteRange, type ByteSource, readRange } from "./byte-source.ts";

/**
 * Shorter reads bring as much of the file. Tensors that are loaded one after the other mostly lie so, and a
 * request for each of hundreds of small ones would cost more than their bytes.
 */
const WINDOW_BYTES = 2 ** 20;

/** Some bytes of a file. */
interface Window {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/**
 * A source on a server that is asked for short ranges less often: what came with one is at hand for the next.
 *
 * @param head - the first bytes of the file.
 */
export function readAhead(source: ByteSource, head: Uint8Array): ByteSource {
  let window: Window = { start: 0, bytes: head };

  async function windowAt(range: ByteRange, signal: AbortSignal | undefined): Promise<Window> {
    if (isWithin(range, window)) return window;
    const end = Math.min(range.start + WINDOW_BYTES, source.byteLength);
    const bytes = await readRange(source, { start: range.start, end }, signal);
    window = { start: range.start, bytes };
    return window;
  }

  return {
    name: source.name,
    byteLength: source.byteLength,
    async *pieces(range, pieceByteLength, signal) {
      if (range.end - range.start >= WINDOW_BYTES)
        return yield* source.pieces(range, pieceByteLength, signal);
      if (range.end === range.start) return;
      const { start, bytes } = await windowAt(range, signal);
      for (let position = range.start; position < range.end; position += pieceByteLength) {
        signal?.throwIfAborted();
        const end = Math.min(position + pieceByteLength, range.end);
        yield bytes.slice(position - start, end - start);
      }
    },
  };
}

function isWithin({ start, end }: ByteRange, window: Window): boolean {
  return start >= window.start && end <= window.start + window.bytes.byteLength;
}
