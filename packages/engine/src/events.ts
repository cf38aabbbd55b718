import type { ToolCallEvent } from "@krait/tool-parser";

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
  readonly top?: readonly { readonly token: number; readonly logprob: number }[];
}

/** How far the prompt has been read. */
export interface PrefillEvent {
  readonly type: "prefill";
  readonly tokens: number;
  readonly totalTokens: number;
}

/**
 * Why generation ended: `stop` at an end token or a stop string, `tool-calls` at an end token after
 * calls, `length` at `maxTokens` or at the end of the context.
 */
export type FinishReason = "stop" | "tool-calls" | "length";

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

/** The last event of every generation that was not aborted. */
export interface FinishEvent {
  readonly type: "finish";
  readonly finishReason: FinishReason;
  readonly reasoningEnd: ReasoningEnd | undefined;
  /** The stop string, when one ended the text. */
  readonly stop: string | undefined;
  readonly usage: Usage;
  readonly timing: { readonly prefillSeconds: number; readonly decodeSeconds: number };
}

/** What a generation gives, in order. */
export type GenerateEvent = PrefillEvent | TokenEvent | ToolCallEvent | FinishEvent;
