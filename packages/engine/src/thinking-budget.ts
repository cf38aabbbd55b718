import type { ReasoningEnd } from "./events.ts";

/** Limits on the tokens of a reasoning trace. */
export interface ThinkingOptions {
  /** After this many reasoning tokens the trace ends at the next newline; 0 ends it before it starts. */
  readonly budget?: number | undefined;
  /** How many tokens more the trace may run on without a newline; 500 unless given. */
  readonly grace?: number | undefined;
  /** Put before the closing marker when the trace is ended for the model. */
  readonly phrase?: string | undefined;
}

/** What closes a trace that the model did not close, in the spelling that it was trained on. */
export const REASONING_CLOSE = "\n</think>\n\n";

/**
 * Decides when a reasoning trace has to end. It never arms again after the trace has ended.
 *
 * The rule is that of NVIDIA's logit processor for this model family: past the budget, at a token that
 * ends a line; past budget and grace, anywhere.
 */
export class ThinkingBudget {
  readonly #budget: number;
  readonly #grace: number;
  #tokens = 0;

  constructor({ budget = Number.POSITIVE_INFINITY, grace = 500 }: ThinkingOptions) {
    this.#budget = budget;
    this.#grace = grace;
  }

  /** Whether the trace may not even begin. */
  get forbidsReasoning(): boolean {
    return this.#budget === 0;
  }

  /** Counts a token of the trace; says why the trace ends after it, if it does. */
  count(endsLine: boolean): Exclude<ReasoningEnd, "model" | "user"> | undefined {
    this.#tokens++;
    if (this.#tokens >= this.#budget && endsLine) return "newline";
    if (this.#tokens >= this.#budget + this.#grace) return "hard";
    return undefined;
  }
}
