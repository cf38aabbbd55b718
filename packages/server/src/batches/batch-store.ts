import type { Batch, LineResult, StoredFile } from "./batch.ts";

/** Keeps files, batches and their results. Several servers may share one. */
export interface BatchStore {
  addFile(file: StoredFile, content: Uint8Array): Promise<void>;
  file(id: string): Promise<StoredFile | undefined>;
  /** Newest first. */
  files(owner: string): Promise<readonly StoredFile[]>;
  content(id: string): Promise<Uint8Array | undefined>;
  /** Whether it was there. */
  removeFile(id: string): Promise<boolean>;
  addBatch(batch: Batch): Promise<void>;
  batch(id: string): Promise<Batch | undefined>;
  /** Newest first. */
  batches(owner: string): Promise<readonly Batch[]>;
  /** Those that have not ended, of all owners. */
  openBatches(): Promise<readonly Batch[]>;
  /**
   * Replaces a batch by what `change` makes of it, as one step that no other server comes between.
   *
   * @param change - undefined leaves it as it is.
   * @returns what it is now.
   */
  changeBatch(id: string, change: (batch: Batch) => Batch | undefined): Promise<Batch | undefined>;
  /** Keeps a line's result, unless there is one: a line that ran twice counts once. Whether it was kept. */
  addResult(id: string, line: number, result: LineResult): Promise<boolean>;
  hasResult(id: string, line: number): Promise<boolean>;
  /** How many results there are, with status 200 and with others. */
  counts(id: string): Promise<{ readonly completed: number; readonly failed: number }>;
  /** By line. */
  results(id: string): Promise<ReadonlyMap<number, LineResult>>;
}

/** Runs a line. It may say after how many milliseconds it wants the line again: until then others have its place. */
export type RunLine = (batch: string, line: number) => Promise<number | undefined>;

/** Hands out lines of batches to be run. A line may be handed out again when whoever ran it has died. */
export interface BatchQueue extends AsyncDisposable {
  add(batch: string, lines: readonly number[]): Promise<void>;
  /** Begins to hand out lines, so many at once. */
  start(run: RunLine, concurrency: number): void;
  /** Hands out nothing more here, for good: what is left is for other servers, or the next start. */
  stop(): void;
}
