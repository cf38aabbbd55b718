import { type ByteSource, type FileSet, readFailed, readWhole } from "./byte-source.ts";

/** A `Blob`, or a `File` that a person chose or that lies in the browser's private file system. */
export function blobSource(blob: Blob, name: string): ByteSource {
  return {
    name,
    byteLength: blob.size,
    async *pieces({ start, end }, pieceByteLength, signal) {
      for (let position = start; position < end; position += pieceByteLength) {
        signal?.throwIfAborted();
        const slice = blob.slice(position, Math.min(position + pieceByteLength, end));
        const bytes = await slice.arrayBuffer().catch((cause) => {
          throw readFailed(name, cause);
        });
        yield new Uint8Array(bytes);
      }
    },
  };
}

/** Blobs by file name. */
export function blobFiles(blobs: ReadonlyMap<string, Blob>): FileSet {
  const open = async (name: string): Promise<ByteSource | undefined> => {
    const blob = blobs.get(name);
    return blob && blobSource(blob, name);
  };
  return {
    location: "the given blobs",
    nameOf: (name) => name,
    open,
    read: async (name, signal) => {
      const source = await open(name);
      return source && readWhole(source, signal);
    },
  };
}

/** What to call a lone blob. */
export function blobName(blob: Blob): string {
  return "name" in blob && typeof blob.name === "string" && blob.name !== "" ? blob.name : "blob";
}
