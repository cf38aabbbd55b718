// How a content lies in a browser's private file system: a folder named for its digest, with a file for each
// piece and a head that says how long it is and whether it is complete. A browser writes a file beside the old
// one and puts it in its place when it is closed, so a piece is there as a whole or not at all: the folder is
// its own journal. Together the pieces are one `Blob`, which no memory has to hold.

import type { Folder } from "./folder.ts";

/** What a content's head says. */
export interface ContentHead {
  readonly byteLength: number;
  readonly pieceBytes: number;
  readonly isComplete: boolean;
}

/** After a piece's bytes stands their checksum, xxHash in hexadecimal digits. */
export const CHECKSUM_BYTES = 16;

const HEAD = "head.json";

/** The contents of a storage, by digest. */
export class Contents {
  readonly #folder: Folder;

  constructor(folder: Folder) {
    this.#folder = folder;
  }

  folder(digest: string): Folder {
    return this.#folder.folder(digest);
  }

  async digests(): Promise<string[]> {
    return await this.#folder.names();
  }

  async head(digest: string): Promise<ContentHead | undefined> {
    const head = (await this.folder(digest).json(HEAD)) as ContentHead | undefined;
    return Number.isSafeInteger(head?.byteLength) && Number.isSafeInteger(head?.pieceBytes)
      ? head
      : undefined;
  }

  async setHead(digest: string, head: ContentHead): Promise<void> {
    await this.folder(digest).writeJson(HEAD, head);
  }

  /** The finished pieces by number: bytes, and behind them their checksum. */
  async pieces(digest: string, { byteLength, pieceBytes }: ContentHead): Promise<ReadonlyMap<number, File>> {
    const folder = this.folder(digest);
    const numbers = (await folder.names()).filter((name) => name !== HEAD).map(Number);
    const entries = numbers.map(async (number) => {
      const file = await folder.file(String(number));
      const expected = Math.min(pieceBytes, byteLength - number * pieceBytes) + CHECKSUM_BYTES;
      return file?.size === expected ? ([number, file] as const) : undefined;
    });
    return new Map((await Promise.all(entries)).filter((entry) => entry !== undefined));
  }

  /** How many of its bytes are here. */
  async storedBytes(digest: string): Promise<number> {
    const head = await this.head(digest);
    if (head === undefined) return 0;
    const files = [...(await this.pieces(digest, head)).values()];
    return files.reduce((sum, file) => sum + file.size - CHECKSUM_BYTES, 0);
  }

  /** A complete content; undefined when it is not. */
  async blob(digest: string): Promise<Blob | undefined> {
    const head = await this.head(digest);
    if (!head?.isComplete) return undefined;
    const pieces = await this.pieces(digest, head);
    const count = Math.ceil(head.byteLength / head.pieceBytes);
    if (pieces.size !== count) return undefined;
    return new Blob(
      Array.from({ length: count }, (_, number) => {
        const file = pieces.get(number)!;
        return file.slice(0, file.size - CHECKSUM_BYTES);
      }),
    );
  }

  /** @returns bytes freed */
  async remove(digest: string): Promise<number> {
    const freed = await this.storedBytes(digest);
    const folder = this.folder(digest);
    // The head first: what is left of a removal that is interrupted is no content any more.
    await folder.removeFile(HEAD);
    await folder.remove();
    return freed;
  }
}
