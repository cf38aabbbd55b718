import { KraitError } from "@krait/tensor";

/** What the front refuses, for programs. Errors of the packages below pass through unchanged. */
export type ModelErrorCode =
  /** No backend of this name, or none that runs here. */
  | "BACKEND_UNAVAILABLE"
  /** The model's folder has no tokenizer or no chat template, and the call needs it. */
  | "MODEL_FILE_MISSING"
  /** A file of the model's folder does not hold what it should. */
  | "MODEL_FILE_INVALID"
  /** An option is out of range. */
  | "OPTION_INVALID"
  /** A stored session holds no conversation. */
  | "SESSION_INVALID"
  /** A tool is not declared as it should be. */
  | "TOOL_INVALID"
  /** `runTools` was still calling tools after its last step. */
  | "TOOL_STEPS_EXCEEDED";

export class ModelError extends KraitError {
  declare readonly code: ModelErrorCode;
  /** The values behind the message, by name. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ModelErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    options?: { cause?: unknown },
  ) {
    super(code, message, options);
    this.details = details;
  }
}
