import type { Hasher, PartialFile } from "../storage.ts";

/** The network brings small chunks; a disk prefers larger ones. */
const BLOCK_BYTES = 2 ** 20;

/** Puts the chunks of one piece on disk, in blocks, and takes their checksum. */
export class PieceWriter {
  readonly #partial: PartialFile;
  readonly #hasher: Hasher;
  readonly #block: Uint8Array;
  #filled = 0;
  #written: number;

  /** @param start - where in the file the piece begins. */
  constructor(partial: PartialFile, hasher: Hasher, start: number, byteLength: number) {
    this.#partial = partial;
    this.#hasher = hasher;
    this.#block = new Uint8Array(Math.min(BLOCK_BYTES, byteLength));
    this.#written = start;
  }

  /** Where the next byte belongs. */
  get position(): number {
    return this.#written + this.#filled;
  }

  async push(chunk: Uint8Array): Promise<void> {
    this.#hasher.update(chunk);
    for (let taken = 0; taken < chunk.byteLength; ) {
      const part = chunk.subarray(taken, taken + this.#block.byteLength - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.byteLength;
      taken += part.byteLength;
      if (this.#filled === this.#block.byteLength) await this.#flush();
    }
  }

  /** @returns the checksum of the piece. */
  async end(): Promise<string> {
    await this.#flush();
    return this.#hasher.digest();
  }

  async #flush(): Promise<void> {
    if (this.#filled === 0) return; // at a piece's end, where the next one's place begins
    await this.#partial.write(this.#written, this.#block.subarray(0, this.#filled));
    this.#written += this.#filled;
    this.#filled = 0;
  }
}
