import type { WeightFile } from "@krait/weights";
import type { Architecture, WeightEntry } from "./architecture.ts";
import type { WeightFormats } from "./checkpoint.ts";

/** Vectors larger than this are not read whole for a fingerprint. */
const MOST_BYTES = 1 << 20;

/**
 * A short text that tells models apart: same for the same checkpoint on every backend.
 *
 * Made of every weight's name, shape and formats, of the vectors' bytes, and of the first bytes of the first
 * and the last matrix. It tells training runs apart and not forgeries.
 */
export async function fingerprintOf(
  { name, weights }: Architecture,
  file: Pick<WeightFile, "source">,
  formats: Readonly<Record<string, WeightFormats>>,
  signal?: AbortSignal,
): Promise<string> {
  const hash = new Hash();
  const matrices = weights.filter(({ kind }) => kind === "matrix");
  const read = weights.filter(
    (entry) => entry.kind === "vector" || entry === matrices[0] || entry === matrices.at(-1),
  );
  for (const entry of weights) hash.add(new TextEncoder().encode(describe(entry, formats[entry.name]!)));
  for (const { checkpointName } of read) {
    for await (const piece of file.source(checkpointName).pieces(signal)) {
      hash.add(piece.subarray(0, MOST_BYTES));
      break;
    }
  }
  return `${name}-${hash.digest()}`;
}

function describe({ name, shape }: WeightEntry, { stored, quantized }: WeightFormats): string {
  return `${name}[${shape.join()}]${stored}:${quantized};`;
}

/** Two 32-bit lanes of FNV-1a, from different starts. */
class Hash {
  #first = 0x811c9dc5;
  #second = 0x01000193;

  add(bytes: Uint8Array): void {
    for (const byte of bytes) {
      this.#first = Math.imul(this.#first ^ byte, 0x01000193);
      this.#second = Math.imul(this.#second ^ byte, 0x85ebca6b);
    }
  }

  digest(): string {
    return [this.#first, this.#second].map((lane) => (lane >>> 0).toString(16).padStart(8, "0")).join("");
  }
}
