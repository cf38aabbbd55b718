import { createSHA1, createSHA256, createXXHash64 } from "hash-wasm";
import type { HashAlgorithm, Hasher } from "../storage.ts";

// A page's own `crypto.subtle` takes whole messages only. Pieces are told from damaged ones by xxHash, which is
// many times as fast as SHA-256: whether the bytes are the right ones is for the file's own checksum to say.

const creators = { sha256: createSHA256, sha1: createSHA1, piece: createXXHash64 };

/** Checksums taken as bytes come, in WebAssembly. */
export async function createHasher(algorithm: HashAlgorithm): Promise<Hasher> {
  const hasher = await creators[algorithm]();
  return { update: (bytes) => void hasher.update(bytes), digest: () => hasher.digest("hex") };
}
