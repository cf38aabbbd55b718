/** A model in the cache, complete. */
export interface PulledModel {
  readonly id: string;
  /** What was asked for: a branch, a tag or a commit. */
  readonly revision: string;
  /** What that stands for. */
  readonly commit: string;
  /** The folder of a model in the Hugging Face layout, or the GGUF file (of a split one, the first part). */
  readonly path: string;
  /** The files by name, where they have no path to be opened by, as in browsers. */
  readonly blobs: ReadonlyMap<string, Blob> | undefined;
  readonly byteLength: number;
  /** What came over the network for it, now. */
  readonly receivedBytes: number;
  /** By their names in the repository. */
  readonly files: readonly string[];
}
