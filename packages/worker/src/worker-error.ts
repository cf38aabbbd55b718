import { KraitError } from "@krait/tensor";

/** What goes wrong between a page and its worker, for programs. Errors of the model itself keep their own codes. */
export type WorkerErrorCode =
  /** The worker ended, crashed, or its script could not be loaded. Everything pending rejects with this. */
  | "WORKER_LOST"
  /** Page and worker run different versions of `@krait/worker`, or the worker serves no model. */
  | "WORKER_PROTOCOL"
  /** A model was used after it was disposed of. */
  | "MODEL_DISPOSED"
  /** A session was used after it was closed. */
  | "SESSION_CLOSED"
  /** An option, message or location cannot be sent to another thread. */
  | "OPTION_NOT_CLONEABLE";

export class WorkerError extends KraitError {
  declare readonly code: WorkerErrorCode;
  /** The values behind the message, by name. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: WorkerErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    options?: { cause?: unknown },
  ) {
    super(code, message, options);
    this.details = details;
  }
}
