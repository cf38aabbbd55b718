/** What every part of a response says of it. */
export interface ResponseHead {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
  readonly choices: number;
  readonly logprobs: boolean;
  readonly showsReasoning: boolean;
  readonly includeUsage: boolean;
}
