import { createSampler } from "@krait/sampler";
import type { Tokenizer } from "@krait/tokenizer";
import type {
  FinishEvent,
  FinishReason,
  GenerateEvent,
  ReasoningEnd,
  Timing,
  TokenEvent,
  Usage,
} from "./events.ts";
import type { Sample } from "./executor.ts";
import { LoopDetector } from "./loop-detector.ts";
import { type GenerateRequest, stopStrings } from "./request.ts";
import { type SamplingFeeds, samplingFeeds } from "./sampling-feeds.ts";
import { createChatPipeline, createPlainPipeline, noText, type TextPipeline } from "./text-pipeline.ts";
import { REASONING_CLOSE, ThinkingBudget } from "./thinking-budget.ts";
import type { TokenConstraint } from "./token-constraint.ts";

/** How many tokens a marker may take to be complete, the white space after `<TOOLCALL>` included. */
const MARKER_TOKENS = 12;

/** What all generations of an engine have in common. */
export interface GenerationContext {
  readonly tokenizer: Tokenizer | undefined;
  readonly endTokens: ReadonlySet<number>;
  readonly maxContext: number;
  readonly maxBiases: number;
}

/**
 * What becomes of the tokens of one answer: text and events, the end of the reasoning, the end of the
 * answer. It knows nothing of steps and sequences.
 */
export class Generation {
  readonly feeds: SamplingFeeds;
  /** How many of the largest logits are read with each token; undefined for no log-probabilities. */
  readonly logprobs: number | undefined;
  readonly #context: GenerationContext;
  readonly #request: GenerateRequest;
  readonly #pipeline: TextPipeline;
  readonly #budget: ThinkingBudget;
  readonly #limit: number;
  readonly #loop: LoopDetector | undefined;
  readonly #constraint: TokenConstraint | undefined;
  #isConstraining = false;
  /** Tokens that the engine puts in place of sampled ones. */
  readonly #forced: number[] = [];
  /** What asks for the reasoning to be closed, which waits while a marker is half written. */
  #wanted: ReasoningEnd | undefined;
  #waited = 0;
  #closing: ReasoningEnd | undefined;
  #reasoningEnd: ReasoningEnd | undefined;
  #completionTokens = 0;
  #reasoningTokens = 0;
  #calls = 0;
  #finishReason: FinishReason | undefined;

  /** @param choice - of several answers to one prompt, which this is. */
  constructor(context: GenerationContext, request: GenerateRequest, choice = 0) {
    const { tokenizer } = context;
    const { sampling = {}, thinking = {}, reasoning = "off", loopDetector, constraint } = request;
    this.#context = context;
    this.#request = request;
    const { options } = createSampler(sampling);
    const seed = BigInt.asUintN(64, options.seed + BigInt(choice));
    this.feeds = samplingFeeds({ ...options, seed }, context.maxBiases);
    this.logprobs = options.logprobs;
    this.#budget = new ThinkingBudget(thinking);
    const room = context.maxContext - request.prompt.length;
    this.#limit = Math.min(room, request.maxTokens ?? Number.POSITIVE_INFINITY);
    if (loopDetector !== undefined) {
      this.#loop = new LoopDetector(loopDetector === true ? {} : loopDetector);
    }
    const stops = stopStrings(request);
    const { toolCallInReasoning = "closes-reasoning" } = request;
    if (tokenizer === undefined) this.#pipeline = noText;
    else if (request.format === "text") this.#pipeline = createPlainPipeline(tokenizer.stream(), stops);
    else this.#pipeline = createChatPipeline(tokenizer.stream(), { stops, reasoning, toolCallInReasoning });
    this.#constraint = constraint?.();
    if (this.#pipeline.reasoning && this.#budget.forbidsReasoning) this.#closeReasoning("hard");
    if (!this.#pipeline.reasoning) this.#constrain();
  }

  get completionTokens(): number {
    return this.#completionTokens;
  }

  get reasoningTokens(): number {
    return this.#reasoningTokens;
  }

  /** Why generation has ended, once it has. */
  get finishReason(): FinishReason | undefined {
    return this.#finishReason;
  }

  /** Whether the next token is the last one that may come. */
  get isAtLimit(): boolean {
    return this.#completionTokens + 1 >= this.#limit;
  }

  /** Whether a token can be drawn only when the one before it is known. */
  get isConstrained(): boolean {
    return this.#constraint !== undefined;
  }

  /** The tokens that may come next; null for all. */
  mask(): Uint32Array | null {
    return this.#isConstraining ? this.#constraint!.mask() : null;
  }

  /** Ends the reasoning trace after the token that is being generated, unless that token ends it. */
  endThinking(): void {
    this.#wanted ??= "user";
  }

  /** The token that takes the place of the next one sampled, if there is one. */
  takeForced(): number | undefined {
    return this.#forced.shift();
  }

  /** Undoes {@link takeForced} of a token that was never accepted. */
  putBackForced(token: number): void {
    this.#forced.unshift(token);
  }

  /**
   * Goes on by one token.
   *
   * @param sample - where it was drawn; undefined for a forced token.
   */
  accept(token: number, position: number, sample: Sample | undefined): GenerateEvent[] {
    const wasReasoning = this.#pipeline.reasoning;
    const isLast = this.isAtLimit;
    this.#completionTokens++;
    if (wasReasoning) this.#reasoningTokens++;
    const event: TokenEvent = {
      type: "token",
      token,
      position,
      reasoning: wasReasoning,
      forced: sample === undefined,
      ...sample?.logprobs,
    };
    const endsTurn = !this.#request.ignoreEndTokens && this.#context.endTokens.has(token);
    const deltas: GenerateEvent[] = endsTurn ? [] : this.#pipeline.push(token);
    // Forced tokens after the marker that they close the reasoning with are not the constraint's business.
    if (this.#isConstraining && sample !== undefined) this.#constraint!.accept(token);
    if (wasReasoning) this.#followReasoning(token);
    const isDone = this.#isConstraining && this.#constraint!.isFinished;
    if (endsTurn || isDone || this.#pipeline.stopped !== undefined) this.#finishReason = "stop";
    else if (this.#loop?.push(token)) this.#finishReason = "loop";
    else if (isLast) this.#finishReason = "length";
    return this.#counted([event, ...deltas]);
  }

  /** Ends the answer with the tokens that it has: there is no memory for more. */
  cutShort(): void {
    this.#finishReason ??= "length";
  }

  /** The last events: what text was held back, and the finish event. */
  finish(
    usage: Pick<Usage, "promptTokens" | "cachedTokens">,
    timing: Timing,
  ): { readonly events: GenerateEvent[]; readonly finish: FinishEvent } {
    const events = this.#counted(this.#pipeline.flush());
    const { stopped } = this.#pipeline;
    const calls = this.#finishReason === "stop" && stopped === undefined && this.#calls > 0;
    const finish: FinishEvent = {
      type: "finish",
      finishReason: calls ? "tool-calls" : this.#finishReason!,
      reasoningEnd: this.#reasoningEnd,
      stop: stopped,
      usage: {
        ...usage,
        completionTokens: this.#completionTokens,
        reasoningTokens: this.#reasoningTokens,
      },
      timing,
    };
    return { events, finish };
  }

  #counted(events: GenerateEvent[]): GenerateEvent[] {
    for (const { type } of events) if (type === "tool-call-end") this.#calls++;
    return events;
  }

  #followReasoning(token: number): void {
    if (!this.#pipeline.reasoning) {
      this.#reasoningEnd = this.#closing ?? "model";
      this.#constrain();
    } else if (this.#closing === undefined) {
      this.#wanted ??= this.#budget.count(this.#endsLine(token));
      if (this.#wanted === undefined) return;
      // The model may be about to close the trace itself; a marker cut in two would be lost.
      const waits = this.#pipeline.inMarker && this.#waited++ < MARKER_TOKENS;
      if (!waits) this.#closeReasoning(this.#wanted);
    }
  }

  #constrain(): void {
    if (this.#constraint === undefined) return;
    this.#isConstraining = true;
    this.#constraint.begin?.(this.#pipeline.answerStart);
  }

  #endsLine(token: number): boolean {
    return this.#context.tokenizer?.tokenText(token).endsWith("\n") ?? false;
  }

  #closeReasoning(reason: ReasoningEnd): void {
    this.#closing = reason;
    const { phrase = "" } = this.#request.thinking ?? {};
    this.#forced.push(...(this.#context.tokenizer?.encode(phrase + REASONING_CLOSE) ?? []));
  }
}
