import type { Message, Tool } from "krait";

/**
 * What the server needs of a model: text in, events out. {@link serveModel} makes one of a loaded model;
 * anything else that can answer a conversation may implement it too.
 */
export interface ServedModel {
  /** By which requests name it. */
  readonly id: string;
  /** When it was loaded, in seconds since 1970. */
  readonly created: number;
  /** Tokens of prompt and answer together. */
  readonly contextLength?: number | undefined;
  readonly supports: ServedSupport;
  /** @throws at once when the request cannot be served; what is thrown later is thrown while iterating. */
  chat(request: ServedChatRequest): ServedStream;
  /** Continues a text, without a template. */
  complete(request: ServedTextRequest): ServedStream;
  /** Absent where tokens are somebody else's affair; then `/tokenize` and its like answer 400. */
  readonly text?: ServedText | undefined;
  /** Whether it answers now; always unless given. */
  state?(): ServedState;
  /** Statistics of whatever computes; `/metrics` shows each behind `krait_engine_`. */
  stats?(): Readonly<Record<string, number>>;
}

/**
 * `recovering`: what computes is gone and comes back by itself; requests may be taken, and wait. `lost`: it does
 * not come back.
 */
export type ServedState = "ready" | "recovering" | "lost";

/** What a model can be held to. A request for anything else is refused before it is queued. */
export interface ServedSupport {
  /** Answers that follow a JSON schema or are some JSON object. */
  readonly structuredOutput: boolean;
  /** `required`, a named tool, and one call at most. */
  readonly toolChoice: boolean;
  readonly logprobs: boolean;
  /** Answers that come of one reading of a prompt at most; more are asked for in several requests. 1 unless given. */
  readonly choices?: number | undefined;
}

export interface ServedSampling {
  readonly temperature?: number | undefined;
  readonly topK?: number | undefined;
  readonly topP?: number | undefined;
  readonly minP?: number | undefined;
  readonly repetitionPenalty?: number | undefined;
  readonly presencePenalty?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  readonly logitBias?: ReadonlyMap<number, number> | undefined;
  readonly seed?: number | undefined;
  /** How many of the most likely tokens come with each token; 0 for its own log-probability alone. */
  readonly logprobs?: number | undefined;
}

interface ServedRequest {
  /**
   * How many answers, no more than {@link ServedSupport.choices}; 1 unless given. Answer i has the seed
   * `seed + i`, and its events have its number.
   */
  readonly n?: number | undefined;
  readonly sampling: ServedSampling;
  /** As many as the context holds unless given. */
  readonly maxTokens?: number | undefined;
  readonly stop?: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

export type ToolChoice = "auto" | "none" | "required" | { readonly name: string };

export type ResponseFormat =
  | { readonly type: "text" }
  | { readonly type: "json-object" }
  | { readonly type: "json-schema"; readonly schema: object; readonly strict: boolean }
  | { readonly type: "regex"; readonly pattern: string }
  | { readonly type: "choice"; readonly choices: readonly string[] };

export interface ServedChatRequest extends ServedRequest {
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice;
  /** The tools that may be called, by name, of those that the model is told of; all unless given. */
  readonly allowedTools?: readonly string[] | undefined;
  readonly parallelToolCalls: boolean;
  readonly responseFormat: ResponseFormat;
  /** Undefined leaves it to `/think` and `/no_think` in the messages, and to the template. */
  readonly reasoning?: "on" | "off" | undefined;
  readonly thinking?: { readonly budget: number; readonly grace: number } | undefined;
}

export interface ServedTextRequest extends ServedRequest {
  /** Text, or token ids. */
  readonly prompt: string | readonly number[];
  readonly responseFormat: ResponseFormat;
  /** How many of the most likely tokens to tell at each place of the prompt; nothing of it unless given. */
  readonly promptLogprobs?: number | undefined;
}

/** An answer under way. It is iterated once; leaving the loop ends it. */
export interface ServedStream extends AsyncIterable<ServedEvent> {}

export interface TokenProbability {
  readonly text: string;
  /** Of a token that is no whole character, the text cannot say what it is. */
  readonly bytes: Uint8Array;
  readonly logprob: number;
}

/** A token with the likeliest in its place. */
export interface TokenLikelihood {
  readonly chosen: TokenProbability;
  readonly top: readonly TokenProbability[];
}

export interface ServedUsage {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
}

/** What happens, and to which answer: of several, an event without a number tells of all. */
export type ServedEvent = ServedEventOfOne & { readonly choice?: number | undefined };

type ServedEventOfOne =
  /** How far the prompt has been read: the request has left the queue. */
  | { readonly type: "prefill"; readonly totalTokens: number }
  /** Some of the prompt's tokens, in order, where they were asked for. Its first has no probability. */
  | {
      readonly type: "prompt-logprobs";
      /** Of the first token here. */
      readonly position: number;
      readonly tokens: readonly TokenLikelihood[];
    }
  /** A token was generated; its text follows as deltas. */
  | {
      readonly type: "token";
      readonly reasoning: boolean;
      /** When log-probabilities were asked for, and the token is part of the answer's text. */
      readonly chosen?: TokenProbability | undefined;
      readonly top?: readonly TokenProbability[] | undefined;
    }
  | { readonly type: "reasoning-delta"; readonly text: string }
  | { readonly type: "text-delta"; readonly text: string }
  | { readonly type: "tool-call-start"; readonly index: number; readonly name: string }
  | { readonly type: "tool-call-delta"; readonly index: number; readonly text: string }
  | {
      readonly type: "tool-call-end";
      readonly index: number;
      readonly name: string;
      readonly arguments: string;
    }
  /** The call broke off; what was written of it follows as text. */
  | { readonly type: "tool-call-abort"; readonly index: number }
  | {
      readonly type: "finish";
      readonly finishReason: "stop" | "tool-calls" | "length";
      /** What ended the reasoning, where something did. */
      readonly reasoningEnd?: string | undefined;
      /** The stop string, when one ended the text. */
      readonly stop?: string | undefined;
      readonly usage: ServedUsage;
    };

/** Tokens and templates, for the routes that show them. */
export interface ServedText {
  encode(text: string): readonly number[];
  /** The same with pauses, so that a long text holds up nobody's answer. */
  encodeAsync(text: string, signal: AbortSignal): Promise<readonly number[]>;
  decode(tokens: readonly number[]): string;
  /** The text of one token. */
  tokenText(token: number): string;
  /** The bytes of one token, which need not be whole characters. */
  tokenBytes(token: number): Uint8Array;
  render(conversation: ConversationToRender): RenderedConversation;
  /** The same with pauses. */
  renderAsync(conversation: ConversationToRender, signal: AbortSignal): Promise<RenderedConversation>;
}

export interface RenderedConversation {
  readonly text: string;
  readonly tokens: readonly number[];
}

export type ConversationToRender = Pick<ServedChatRequest, "messages" | "tools" | "reasoning"> & {
  readonly addGenerationPrompt?: boolean | undefined;
};
