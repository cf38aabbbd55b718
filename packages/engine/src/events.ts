import type { ToolCallEvent } from "@krait/tool-parser";

/** A token with its log-probability under the model's own distribution. */
export interface TokenLogprob {
  readonly token: number;
  readonly logprob: number;
}

/** One generated token. Its text, if any is certain yet, follows in delta events. */
export interface TokenEvent {
  readonly type: "token";
  readonly token: number;
  /** Place in the sequence, the prompt counted. */
  readonly position: number;
  /** Whether the model was still reasoning when the token came. */
  readonly reasoning: boolean;
  /** Whether the engine put it there, to end the reasoning. */
  readonly forced: boolean;
  /** With the request's `logprobs`: under the model's own distribution. Absent for a forced token. */
  readonly logprob?: number;
  readonly top?: readonly TokenLogprob[];
}

/** How far the prompt has been read. */
export interface PrefillEvent {
  readonly type: "prefill";
  readonly tokens: number;
  readonly totalTokens: number;
}

/** With the request's `promptLogprobs`: some tokens of the prompt, in order; its first token has none. */
export interface PromptLogprobsEvent {
  readonly type: "prompt-logprobs";
  /** Of the first token here. */
  readonly position: number;
  readonly tokens: readonly (TokenLogprob & { readonly top: readonly TokenLogprob[] })[];
}

/**
 * Why generation ended: `stop` at an end token, a stop string or the end of a constraint, `tool-calls` at
 * such an end after calls, `length` at `maxTokens`, at the end of the context or when there are no more pages,
 * `loop` when the answer repeated itself.
 */
export type FinishReason = "stop" | "tool-calls" | "length" | "loop";

/**
 * What ended the reasoning: the model itself, the budget at a newline, the budget's hard limit, or
 * `endThinking`. Undefined when there was none, or when generation ended before it did.
 */
export type ReasoningEnd = "model" | "newline" | "hard" | "user";

export interface Usage {
  readonly promptTokens: number;
  /** Prompt tokens that an earlier request had already computed. */
  readonly cachedTokens: number;
  /** Every generated token, the end token included. */
  readonly completionTokens: number;
  /** Of these, the tokens of the reasoning and of what ended it. */
  readonly reasoningTokens: number;
}

export interface Timing {
  /** From the first read of the stream to a place in the batch. */
  readonly queueSeconds: number;
  /** From there to the first token. */
  readonly prefillSeconds: number;
  readonly decodeSeconds: number;
}

/** The last event of every choice that was not aborted. */
export interface FinishEvent {
  readonly type: "finish";
  readonly finishReason: FinishReason;
  readonly reasoningEnd: ReasoningEnd | undefined;
  /** The stop string, when one ended the text. */
  readonly stop: string | undefined;
  readonly usage: Usage;
  readonly timing: Timing;
}

/** What a generation gives, in order. */
export type GenerateEvent = (
  | PrefillEvent
  | PromptLogprobsEvent
  | TokenEvent
  | ToolCallEvent
  | FinishEvent
) & {
  /** Of which of several choices it tells; absent when the request asked for one. */
  readonly choice?: number;
};
