/** A file of a repository, as the hub describes it. */
export interface HubFile {
  /** From the repository's root, with `/` between folders. */
  readonly name: string;
  readonly byteLength: number;
  readonly digest: Digest;
  /** Of a file at a URL: what its server tells this version from others by. */
  readonly version?: string;
}

/** The hub's checksum of a file, which is also what the cache calls its content. */
export interface Digest {
  /**
   * SHA-256 of a large file's bytes; or what git calls a small file, SHA-1 of a header and the bytes. Or no
   * checksum, but a name for one version of a file at a URL, whose server gives none.
   */
  readonly algorithm: "sha256" | "git-sha1" | "version";
  readonly hex: string;
}

/** Bytes in, digest out. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  /** In hexadecimal digits. */
  digest(): string;
}

/** What bytes are summed by: for the hub's checksums, or ("piece") as the storage tells damaged pieces from sound ones. */
export type HashAlgorithm = "sha256" | "sha1" | "piece";

/**
 * Where models are kept: a folder on disk ({@link diskStorage}), a browser's private file system
 * ({@link opfsStorage}), or whatever else can hold files by name. Several processes, or pages, may use one
 * storage at a time.
 */
export interface ModelStorage {
  /** Path or description, for people. */
  readonly location: string;
  /** What people can do when there is no room left, as a sentence. */
  readonly roomAdvice: string;
  createHasher(algorithm: HashAlgorithm): Promise<Hasher>;
  /** Room for more; Infinity where nobody knows. Asked before a download, so that a browser can be asked to keep it. */
  freeBytes(): Promise<number>;
  /** Ids of all models of which there is anything. */
  models(): Promise<string[]>;
  model(id: string): StoredModel;
}

/** What is kept of one model: contents by digest, and for each commit the names that they have there. */
export interface StoredModel {
  /** The commits that branches and tags stood for when they were last asked about. */
  refs(): Promise<ReadonlyMap<string, string>>;
  setRef(revision: string, commit: string): Promise<void>;
  commits(): Promise<string[]>;
  /** The complete files of a commit, by name. */
  files(commit: string): Promise<ReadonlyMap<string, StoredFile>>;
  /** The bytes of a small file. */
  read(commit: string, name: string): Promise<Uint8Array>;
  /** Where a program finds a commit's files, or one of them. */
  path(commit: string, name?: string): string;
  /** The files themselves, where they have no path that others could open; undefined where they have. */
  blobs(commit: string, names: readonly string[]): Promise<ReadonlyMap<string, Blob> | undefined>;

  /** Whether the content is here, complete. */
  has(file: HubFile): Promise<boolean>;
  /** Gives a complete content its name in a commit. */
  place(commit: string, file: HubFile): Promise<void>;
  /** How much of an incomplete content is here. */
  finishedBytes(file: HubFile): Promise<number>;
  /** What is here of contents that are not complete; undefined when there are none. */
  unfinished(): Promise<StoredFile | undefined>;
  /** The part of a content that is here, to go on with; the caller holds its lock. */
  openPartial(file: HubFile, pieceBytes: number): Promise<PartialFile>;
  /**
   * Waits until no other process works on this content.
   *
   * @param onWait - called now and then while another process holds it.
   */
  lock(file: HubFile, onWait: () => Promise<void>, signal: AbortSignal): Promise<AsyncDisposable>;

  /** Notes that files of a commit are used now. */
  touch(commit: string, names: readonly string[]): Promise<void>;
  /** Removes names of a commit, and contents that have no name any more. @returns bytes freed */
  remove(commit: string, names: readonly string[]): Promise<number>;
  /** Removes everything, also what is incomplete. @returns bytes freed */
  removeAll(): Promise<number>;
}

export interface StoredFile {
  readonly byteLength: number;
  readonly lastUsed: Date;
}

/** A file that is put together from pieces, which come in any order. What is finished outlives the process. */
export interface PartialFile extends AsyncDisposable {
  /** All but the last have this many bytes: those that it was begun with. */
  readonly pieceBytes: number;
  /** Finished pieces by number, with the "piece" checksum of their bytes. */
  readonly finished: ReadonlyMap<number, string>;
  write(position: number, bytes: Uint8Array): Promise<void>;
  finish(piece: number, checksum: string): Promise<void>;
  /** The bytes `[start, end)` in chunks, each valid until the next is asked for. */
  read(start: number, end: number): AsyncIterable<Uint8Array>;
  /** These pieces are no longer finished. */
  forget(pieces: readonly number[]): Promise<void>;
  /** Makes it the content, whole or not at all. */
  complete(): Promise<void>;
  /** Removes what there is of it. */
  discard(): Promise<void>;
}
