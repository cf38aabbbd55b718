/**
 * Says which tokens may come next in an answer, and follows the tokens that come: a grammar at work on one
 * sequence. It begins where the reasoning ends and never sees a token of the reasoning, forced ones included.
 */
export interface TokenConstraint {
  /**
   * Called once before anything else, when the reasoning is over; at once where there is none.
   *
   * @param text - what the token that ended the reasoning brought of the answer: nothing or white space as a
   *   rule, and `<TOOLCALL>` and what follows, perhaps
   *   with white space before it, where a call closed the reasoning.
   */
  begin?(text: string): void;
  /**
   * The tokens that may come next, token t at bit t mod 32 of word floor(t / 32), `ceil(vocabularySize / 32)`
   * words; null for all of them. Copied before the next call.
   */
  mask(): Uint32Array | null;
  /** The token that came. What it throws ends the request, and no other. */
  accept(token: number): void;
  /** Once true, generation ends as at an end token. */
  readonly isFinished: boolean;
}
