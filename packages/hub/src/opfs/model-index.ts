import type { Folder } from "./folder.ts";

/** A name that a commit gives to a content. */
export interface IndexedFile {
  readonly digest: string;
  readonly byteLength: number;
  /** Milliseconds since 1970. */
  readonly lastUsed: number;
}

/** What is known of one model: what names its contents have, and which are on their way. */
export interface ModelIndex {
  readonly refs: Record<string, string>;
  readonly commits: Record<string, Record<string, IndexedFile>>;
  /** When each content that is not complete was begun, by digest. */
  readonly partial: Record<string, number>;
}

/** The indices of all models, a file each. Pages and workers change them in turn, under a Web Lock. */
export class ModelIndices {
  readonly #folder: Folder;
  readonly #lock: string;

  constructor(folder: Folder, lock: string) {
    this.#folder = folder;
    this.#lock = lock;
  }

  /** Ids of all models, `org/name`. */
  async ids(): Promise<string[]> {
    const names = await this.#folder.names();
    return names
      .filter((name) => name.endsWith(".json"))
      .map((name) => decodeURIComponent(name.slice(0, -".json".length)));
  }

  async read(id: string): Promise<ModelIndex> {
    const index = (await this.#folder.json(fileOf(id))) as Partial<ModelIndex> | undefined;
    return { refs: {}, commits: {}, partial: {}, ...index };
  }

  /** Changes an index in place; nobody else changes one meanwhile. One that has nothing left is removed. */
  async change(id: string, edit: (index: ModelIndex) => void): Promise<void> {
    await navigator.locks.request(this.#lock, async () => {
      const index = await this.read(id);
      edit(index);
      const isEmpty = [index.commits, index.partial].every((part) => Object.keys(part).length === 0);
      if (isEmpty) await this.#folder.removeFile(fileOf(id));
      else await this.#folder.writeJson(fileOf(id), index);
    });
  }

  /** Calls with the digests that any model has a name for, or is about to have; none is changed meanwhile. */
  async withUsed<T>(work: (digests: ReadonlySet<string>) => Promise<T>): Promise<T> {
    return await navigator.locks.request(this.#lock, async () => await work(await this.#used()));
  }

  async #used(): Promise<ReadonlySet<string>> {
    const used = new Set<string>();
    for (const id of await this.ids()) {
      const { commits, partial } = await this.read(id);
      for (const files of Object.values(commits)) {
        for (const { digest } of Object.values(files)) used.add(digest);
      }
      for (const digest of Object.keys(partial)) used.add(digest);
    }
    return used;
  }
}

function fileOf(id: string): string {
  return `${encodeURIComponent(id)}.json`;
}
