/** A file that a client has uploaded, or that a batch wrote. */
export interface StoredFile {
  readonly id: string;
  readonly name: string;
  readonly purpose: string;
  readonly bytes: number;
  /** Seconds since 1970. */
  readonly created: number;
  /** The name of the client's key; empty where there are no keys. */
  readonly owner: string;
}

export type BatchStatus =
  | "in_progress"
  | "finalizing"
  | "completed"
  | "failed"
  | "expired"
  | "cancelling"
  | "cancelled";

export interface BatchProblem {
  readonly code: string;
  readonly message: string;
  readonly line: number | null;
}

/** Many requests, answered when there is time. */
export interface Batch {
  readonly id: string;
  readonly owner: string;
  readonly endpoint: string;
  readonly inputFile: string;
  readonly window: string;
  readonly status: BatchStatus;
  readonly metadata: Readonly<Record<string, string>> | null;
  /** Lines of the input. */
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  readonly problems: readonly BatchProblem[];
  readonly outputFile: string | null;
  readonly errorFile: string | null;
  /** By status, when it came to it, in seconds since 1970. */
  readonly times: Readonly<Partial<Record<BatchStatus | "created", number>>>;
  /** When what is not done by then is given up, in seconds since 1970. */
  readonly expires: number;
}

/** What became of one line. */
export interface LineResult {
  readonly customId: string;
  readonly status: number;
  readonly requestId: string;
  /** The response's body. */
  readonly body: unknown;
}

export function hasEnded({ status }: Batch): boolean {
  return status === "completed" || status === "failed" || status === "expired" || status === "cancelled";
}
