import { KraitError } from "@krait/tensor";

/** What went wrong in the engine, for programs. */
export type EngineErrorCode =
  /** A field of the request is out of range. */
  | "REQUEST_INVALID"
  /** The prompt and what is to be generated do not fit into the context. */
  | "CONTEXT_EXCEEDED"
  /** Every slot holds a sequence or a snapshot. */
  | "SLOTS_EXHAUSTED"
  /** Every page of keys and values is taken. */
  | "PAGES_EXHAUSTED"
  /** The logits are NaN, +∞ or all −∞, so there is no token to choose. */
  | "LOGITS_INVALID"
  /** A sequence or snapshot was used after it was closed. */
  | "SEQUENCE_CLOSED"
  /** The engine was used after it was disposed. */
  | "ENGINE_DISPOSED";

/** The engine cannot do what it was asked to do. */
export class EngineError extends KraitError {
  declare readonly code: EngineErrorCode;
  /** The values behind the message, by name. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: EngineErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(code, message);
    this.details = details;
  }
}
