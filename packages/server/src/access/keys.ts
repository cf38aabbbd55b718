/** What one client may do. */
export interface AccessKey {
  /** Names the client in the ledger, metrics and logs; the key itself never appears there. */
  readonly name: string;
  /** The key, or instead of it the SHA-256 of its UTF-8 bytes in hexadecimal digits. */
  readonly key?: string | undefined;
  readonly sha256?: string | undefined;
  readonly requestsPerMinute?: number | undefined;
  /** Of prompts and answers together. */
  readonly tokensPerMinute?: number | undefined;
  /** Of prompts and answers together, from midnight to midnight UTC. */
  readonly tokensPerDay?: number | undefined;
}

/** Finds whose key it is that a client presents. */
export interface KeyRing {
  readonly size: number;
  find(presented: string): Promise<AccessKey | undefined>;
}

interface Entry {
  readonly digest: Uint8Array;
  readonly key: AccessKey;
}

/**
 * Keys are compared by their digests, and always with every one of them, so that the time it takes says
 * nothing about how much of a guess was right.
 *
 * @throws {TypeError} for keys that have neither a key nor a digest, or the name or digest of another.
 */
export async function createKeyRing(keys: readonly AccessKey[]): Promise<KeyRing> {
  const entries: Entry[] = [];
  for (const key of keys) entries.push({ digest: await digestOf(key), key });
  requireDistinct(
    "name",
    keys.map(({ name }) => name),
  );
  requireDistinct(
    "key",
    entries.map(({ digest }) => digest.join()),
  );
  return {
    size: entries.length,
    async find(presented) {
      const digest = await sha256(presented);
      let found: AccessKey | undefined;
      for (const entry of entries) if (equalBytes(entry.digest, digest)) found = entry.key;
      return found;
    },
  };
}

/** Compares all bytes, wherever the first difference is. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ (b[i] ?? 0);
  return difference === 0;
}

async function digestOf({ name, key, sha256: digits }: AccessKey): Promise<Uint8Array> {
  if (key !== undefined && key !== "" && digits === undefined) return sha256(key);
  if (key !== undefined || digits === undefined || !/^[0-9a-f]{64}$/i.test(digits)) {
    throw new TypeError(
      `The access key "${name}" should have either "key", a text, or "sha256", 64 hexadecimal digits.`,
    );
  }
  return Uint8Array.from(digits.match(/../g)!, (byte) => Number.parseInt(byte, 16));
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

function requireDistinct(what: string, values: readonly string[]): void {
  if (new Set(values).size === values.length) return;
  throw new TypeError(`Two access keys have the same ${what}; give each its own.`);
}
