/** Reads a stream to its end. */
export interface ChunkReader {
  /** The next bytes, good until the next call; undefined behind the last. */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  cancel(): Promise<void>;
}

const CHUNK_BYTES = 2 ** 18;

/**
 * Reads into one buffer, which goes round, where the stream can: what comes in new ones is garbage faster than a
 * page's heap is swept, and grows to hundreds of megabytes on a fast line.
 */
export function readerOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): ChunkReader {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = stream.getReader({ mode: "byob" });
  } catch {
    return plainReaderOf(stream); // no stream of bytes
  }
  let buffer = new ArrayBuffer(CHUNK_BYTES);
  return {
    async read() {
      const { done, value } = await reader.read(new Uint8Array(buffer));
      if (done || value === undefined) return undefined;
      buffer = value.buffer;
      return value;
    },
    cancel: () => reader.cancel(),
  };
}

function plainReaderOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): ChunkReader {
  const reader = stream.getReader();
  return {
    read: async () => (await reader.read()).value,
    cancel: () => reader.cancel(),
  };
}
