export type SamplerErrorCode =
  /** An option is outside its range. */
  | "SAMPLING_OPTION"
  /** A logit is NaN or +∞. */
  | "SAMPLING_LOGIT"
  /** No token is left to choose: every logit is −∞, by the model, the bias or the mask. */
  | "SAMPLING_NO_CANDIDATE"
  /** The mask has another number of words than the vocabulary needs. */
  | "SAMPLING_MASK"
  /** A biased token or a token of the history is not in the vocabulary. */
  | "SAMPLING_TOKEN"
  /** A penalty is set, but no history is given. */
  | "SAMPLING_HISTORY"
  /** The position is not a whole number ≥ 0. */
  | "SAMPLING_POSITION";

/** What was expected, what came, and where. People read `message`, programs read `code`. */
export class SamplerError extends Error {
  readonly code: SamplerErrorCode;
  /** The option or argument at fault, such as `topP`. */
  readonly subject: string;
  /** The value that was given. */
  readonly actual: unknown;

  constructor(problem: { code: SamplerErrorCode; message: string; subject: string; actual?: unknown }) {
    super(problem.message);
    this.name = "SamplerError";
    this.code = problem.code;
    this.subject = problem.subject;
    this.actual = problem.actual;
  }
}
