import type { SamplingOptions } from "@krait/sampler";
import { EngineError } from "./errors.ts";
import type { LoopOptions } from "./loop-detector.ts";
import type { ThinkingOptions } from "./thinking-budget.ts";
import type { TokenConstraint } from "./token-constraint.ts";

/** One prompt to continue. */
export interface GenerateRequest {
  /** Names the request in the engine's own events; a number unless given. */
  readonly id?: string | undefined;
  /** Token ids; at least one. */
  readonly prompt: readonly number[];
  /**
   * What the generated text is: a chat turn with reasoning and tool calls (the default), or plain text in
   * which no marker is looked for.
   */
  readonly format?: "chat" | "text" | undefined;
  /** Whether the prompt ends inside an open reasoning trace; "off" unless given. */
  readonly reasoning?: "on" | "off" | undefined;
  readonly thinking?: ThinkingOptions | undefined;
  /** What `<TOOLCALL>` means while the model is still reasoning; "closes-reasoning" unless given. */
  readonly toolCallInReasoning?: "closes-reasoning" | "literal" | undefined;
  /** Generated tokens at most, reasoning included; as many as the context holds unless given. */
  readonly maxTokens?: number | undefined;
  readonly sampling?: SamplingOptions | undefined;
  /** Texts that end the answer and are not part of it. They are looked for outside the reasoning. */
  readonly stop?: string | readonly string[] | undefined;
  /**
   * How many answers to the prompt, which is read once; 1 unless given. Their events come interleaved, each
   * with its `choice`. Answer i has the seed `seed + i`.
   */
  readonly n?: number | undefined;
  /** Makes what limits the tokens of an answer; called once for each. */
  readonly constraint?: (() => TokenConstraint) | undefined;
  /** Also gives the log-probability of each token of the prompt, and of this many of the most likely ones there. */
  readonly promptLogprobs?: number | undefined;
  /** Ends an answer that repeats itself with the reason `loop`; off unless given. */
  readonly loopDetector?: LoopOptions | true | undefined;
  /** From the call of `generate` on; a request that is not done then fails. */
  readonly deadlineSeconds?: number | undefined;
  /** Goes on past the model's end tokens. */
  readonly ignoreEndTokens?: boolean | undefined;
  /** Prompt lengths at which a later prompt is likely to part from this one; see {@link Usage.cachedTokens}. */
  readonly snapshotAt?: readonly number[] | undefined;
  /** Given the logits `[vocabularySize]` from which each token is drawn, and the token's position. */
  readonly onLogits?: ((logits: Float32Array, position: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What requests are checked against. */
export interface RequestLimits {
  readonly vocabularySize: number;
  readonly maxContext: number;
  readonly topCount: number;
  readonly maxSequences: number;
  readonly hasTokenizer: boolean;
}

/** @throws {EngineError} `REQUEST_INVALID` naming the field, or `CONTEXT_EXCEEDED`. */
export function checkRequest(request: GenerateRequest, limits: RequestLimits): void {
  const { prompt, maxTokens, thinking, sampling } = request;
  const { maxContext, vocabularySize } = limits;
  if (!Array.isArray(prompt)) invalid("prompt", "a list of token ids", prompt);
  if (prompt.length === 0) invalid("prompt", "at least one token", prompt);
  const wrong = prompt.findIndex(
    (token) => !(Number.isInteger(token) && token >= 0 && token < vocabularySize),
  );
  if (wrong >= 0) invalid(`prompt[${wrong}]`, `a token id from 0 to ${vocabularySize - 1}`, prompt[wrong]);
  if (prompt.length >= maxContext) {
    throw new EngineError(
      "CONTEXT_EXCEEDED",
      `The prompt has ${prompt.length} tokens, but the context holds ${maxContext}, the answer included. ` +
        "Shorten the prompt, or load the model with a larger maxContext.",
      { promptTokens: prompt.length, maxContext },
    );
  }
  if (maxTokens !== undefined) checkCount("maxTokens", maxTokens, 1);
  if (thinking?.budget !== undefined) checkCount("thinking.budget", thinking.budget, 0);
  if (thinking?.grace !== undefined) checkCount("thinking.grace", thinking.grace, 0);
  const { n, promptLogprobs, deadlineSeconds, loopDetector, signal } = request;
  if (signal !== undefined && typeof signal?.throwIfAborted !== "function") {
    invalid("signal", "an AbortSignal, such as the signal of an AbortController", signal);
  }
  if (n !== undefined) checkCount("n", n, 1);
  if ((n ?? 1) > limits.maxSequences) {
    invalid("n", `at most ${limits.maxSequences}, the model's maxSequences`, n);
  }
  if (promptLogprobs !== undefined) checkCount("promptLogprobs", promptLogprobs, 0);
  if ((promptLogprobs ?? 0) > limits.topCount) {
    invalid("promptLogprobs", `at most ${limits.topCount}, the model's topCount`, promptLogprobs);
  }
  if (deadlineSeconds !== undefined && !(deadlineSeconds > 0)) {
    invalid("deadlineSeconds", "a number above 0", deadlineSeconds);
  }
  for (const [field, value] of Object.entries(loopDetector === true ? {} : (loopDetector ?? {}))) {
    if (value !== undefined) checkCount(`loopDetector.${field}`, value, 2);
  }
  const bias = sampling?.logitBias ?? new Map<number, number>();
  if (typeof bias.keys !== "function") invalid("sampling.logitBias", "a Map from token ids", bias);
  for (const token of bias.keys()) {
    if (token >= vocabularySize)
      invalid("sampling.logitBias", `a map from ids below ${vocabularySize}`, token);
  }
  if ((sampling?.logprobs ?? 0) > limits.topCount) {
    invalid("sampling.logprobs", `at most ${limits.topCount}, the model's topCount`, sampling?.logprobs);
  }
  const stops = stopStrings(request);
  if (!Array.isArray(stops) || stops.some((stop) => typeof stop !== "string" || stop === "")) {
    invalid("stop", "texts that are not empty", stops);
  }
  const textual = {
    stop: stops.length > 0 || undefined,
    thinking,
    reasoning: request.reasoning === "on" || undefined,
  };
  for (const [field, value] of Object.entries(textual)) {
    if (value !== undefined && !limits.hasTokenizer) {
      invalid(field, "absent, as this engine has no tokenizer", value);
    }
  }
}

export function stopStrings({ stop }: GenerateRequest): readonly string[] {
  return typeof stop === "string" ? [stop] : (stop ?? []);
}

function checkCount(field: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least)
    invalid(field, `a whole number, ${least} or more`, value);
}

function invalid(field: string, expected: string, actual: unknown): never {
  const shown = typeof actual === "number" ? String(actual) : JSON.stringify(actual);
  throw new EngineError("REQUEST_INVALID", `${field} should be ${expected}, but is ${shown}.`, {
    field,
    expected,
    actual,
  });
}
