import { KraitError } from "@krait/tensor";

/** What went wrong in the engine, for programs. */
export type EngineErrorCode =
  /** An option of the engine is out of range. */
  | "OPTION_INVALID"
  /** A field of the request is out of range. */
  | "REQUEST_INVALID"
  /** The prompt and what is to be generated do not fit into the context. */
  | "CONTEXT_EXCEEDED"
  /** As many requests wait as may. */
  | "QUEUE_FULL"
  /** The request was not done in the time it had. */
  | "DEADLINE_EXCEEDED"
  /** Every slot holds a sequence. */
  | "SLOTS_EXHAUSTED"
  /** Every page of keys and values is taken. */
  | "PAGES_EXHAUSTED"
  /** The memory for snapshots is taken. */
  | "SNAPSHOTS_EXHAUSTED"
  /** The logits are NaN, +∞ or all −∞, so there is no token to choose. */
  | "LOGITS_INVALID"
  /** A sequence, snapshot or session was used after it was closed. */
  | "SEQUENCE_CLOSED"
  /** A stored session is damaged, or of another model. */
  | "SESSION_INVALID"
  /** The backend is gone, and with it every state; `cause` says why. */
  | "ENGINE_LOST"
  /** The engine was used after it was disposed. */
  | "ENGINE_DISPOSED";

/** The engine cannot do what it was asked to do. */
export class EngineError extends KraitError {
  declare readonly code: EngineErrorCode;
  /** The values behind the message, by name. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: EngineErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    options?: { cause?: unknown },
  ) {
    super(code, message, options);
    this.details = details;
  }
}

/** Whether an error says that the backend is gone. */
export function isLoss(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "BACKEND_LOST";
}
