import { createSampler } from "@krait/sampler";
import type { Tokenizer } from "@krait/tokenizer";
import { EngineError } from "./errors.ts";
import type { FinishReason, GenerateEvent, ReasoningEnd, TokenEvent } from "./events.ts";
import { type Executor, LAST_TOKEN, type Sample } from "./executor.ts";
import { nextTask } from "./next-task.ts";
import type { PrefixKeeper } from "./prefix-keeper.ts";
import { type GenerateRequest, stopStrings } from "./request.ts";
import { type SamplingFeeds, samplingFeeds } from "./sampling-feeds.ts";
import type { Sequence } from "./state-pool.ts";
import { createChatPipeline, createPlainPipeline, noText, type TextPipeline } from "./text-pipeline.ts";
import { REASONING_CLOSE, ThinkingBudget } from "./thinking-budget.ts";

/** How many tokens a marker may take to be complete, the white space after `<TOOLCALL>` included. */
const MARKER_TOKENS = 12;

/** What a generation works with. */
export interface GenerationContext {
  readonly executor: Pick<Executor, "pool" | "forward" | "sample" | "settled" | "logits">;
  readonly prefixes: PrefixKeeper;
  readonly tokenizer: Tokenizer | undefined;
  readonly endTokens: ReadonlySet<number>;
  readonly maxContext: number;
  readonly chunkRows: number;
  readonly maxBiases: number;
  /** Whether a step is enqueued before the token of the one before it has been read. */
  readonly lookahead: boolean;
}

/** One request's way from prompt to finish event. */
export class Generation {
  readonly #context: GenerationContext;
  readonly #request: GenerateRequest;
  readonly #pipeline: TextPipeline;
  readonly #budget: ThinkingBudget;
  readonly #feeds: SamplingFeeds;
  /** How many of the largest logits are read with each token; undefined for no log-probabilities. */
  readonly #logprobs: number | undefined;
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

  constructor(context: GenerationContext, request: GenerateRequest) {
    const { tokenizer } = context;
    const {
      sampling = {},
      thinking = {},
      reasoning = "off",
      toolCallInReasoning = "closes-reasoning",
    } = request;
    this.#context = context;
    this.#request = request;
    const { options } = createSampler(sampling);
    this.#feeds = samplingFeeds(options, context.maxBiases);
    this.#logprobs = options.logprobs;
    this.#budget = new ThinkingBudget(thinking);
    const stops = stopStrings(request);
    if (tokenizer === undefined) this.#pipeline = noText;
    else if (request.format === "text") this.#pipeline = createPlainPipeline(tokenizer.stream(), stops);
    else this.#pipeline = createChatPipeline(tokenizer.stream(), { stops, reasoning, toolCallInReasoning });
    if (this.#pipeline.reasoning && this.#budget.forbidsReasoning) this.#closeReasoning("hard");
  }

  /** Ends the reasoning trace after the token that is being generated, unless that token ends it. */
  endThinking(): void {
    this.#wanted ??= "user";
  }

  async *run(): AsyncGenerator<GenerateEvent, void, undefined> {
    const { executor, prefixes, lookahead } = this.#context;
    const { prompt, onLogits, signal } = this.#request;
    signal?.throwIfAborted();
    const started = performance.now();
    const sequence = prefixes.open(prompt);
    try {
      const cachedTokens = sequence.length;
      for await (const tokens of this.#prefill(sequence)) {
        yield { type: "prefill", tokens, totalTokens: prompt.length };
      }
      const limit = Math.min(
        this.#context.maxContext - prompt.length,
        this.#request.maxTokens ?? Number.POSITIVE_INFINITY,
      );
      let finishReason: FinishReason | undefined;
      let decodeStarted: number | undefined;
      for (let pending = this.#sample(sequence); finishReason === undefined; ) {
        const position = sequence.length;
        if (onLogits !== undefined) onLogits(await executor.logits(1), position);
        // A forced token is known before the sampled one is; the step that reads it may start at once.
        const forced = this.#forced.shift();
        const isLast = this.#completionTokens + 1 >= limit;
        let sampled: Promise<Sample> | undefined;
        if (lookahead && !isLast) sampled = this.#step(sequence, forced ?? LAST_TOKEN);
        const sample = await pending;
        decodeStarted ??= performance.now();
        const token = forced ?? chosenToken(sample, position);
        yield* this.#accept(token, position, forced === undefined ? sample : undefined);
        finishReason = this.#finishReason(token) ?? (isLast ? "length" : undefined);
        if (finishReason === undefined) pending = sampled ?? this.#step(sequence, token);
        await nextTask();
        signal?.throwIfAborted();
      }
      yield* this.#report(this.#pipeline.flush());
      const { stopped } = this.#pipeline;
      if (finishReason === "stop" && stopped === undefined && this.#calls > 0) finishReason = "tool-calls";
      const ended = performance.now();
      yield {
        type: "finish",
        finishReason,
        reasoningEnd: this.#reasoningEnd,
        stop: stopped,
        usage: {
          promptTokens: prompt.length,
          cachedTokens,
          completionTokens: this.#completionTokens,
          reasoningTokens: this.#reasoningTokens,
        },
        timing: {
          prefillSeconds: ((decodeStarted ?? ended) - started) / 1000,
          decodeSeconds: (ended - (decodeStarted ?? ended)) / 1000,
        },
      };
    } finally {
      executor.pool.close(sequence);
    }
  }

  /** Reads what is left of the prompt in chunks; yields how many tokens have been read. */
  async *#prefill(sequence: Sequence): AsyncGenerator<number, void, undefined> {
    const { executor, prefixes, chunkRows } = this.#context;
    const { prompt, snapshotAt = [], signal } = this.#request;
    const snapshot = Math.max(0, ...snapshotAt.filter((length) => length < prompt.length));
    while (sequence.length < prompt.length) {
      const start = sequence.length;
      let end = Math.min(start + chunkRows, prompt.length);
      if (start < snapshot && end > snapshot) end = snapshot;
      const outputs = end === prompt.length ? 1 : 0;
      executor.forward({ sequence, tokens: prompt.slice(start, end), generated: false }, outputs);
      if (end === snapshot) prefixes.keep(sequence, prompt.slice(0, end));
      // Without this a device would be handed the whole prompt at once, and an abort would come too late.
      await executor.settled(sequence);
      yield end;
      await nextTask();
      signal?.throwIfAborted();
    }
  }

  #sample(sequence: Sequence): Promise<Sample> {
    const sample = this.#context.executor.sample(sequence, this.#feeds, this.#logprobs);
    // A failure is thrown where the sample is awaited; that of a step which nobody waits for any more is not.
    sample.catch(() => {});
    return sample;
  }

  /** Enqueues the step that reads one token and samples the next. */
  #step(sequence: Sequence, token: number): Promise<Sample> {
    this.#context.executor.forward({ sequence, tokens: [token], generated: true }, 1);
    return this.#sample(sequence);
  }

  *#accept(token: number, position: number, sample: Sample | undefined): Generator<GenerateEvent> {
    const wasReasoning = this.#pipeline.reasoning;
    this.#completionTokens++;
    if (wasReasoning) this.#reasoningTokens++;
    const event: TokenEvent = {
      type: "token",
      token,
      position,
      reasoning: wasReasoning,
      forced: sample === undefined,
    };
    const deltas = this.#endsAt(token) ? [] : this.#pipeline.push(token);
    yield { ...event, ...sample?.logprobs };
    yield* this.#report(deltas);
    if (!wasReasoning) return;
    if (!this.#pipeline.reasoning) this.#reasoningEnd = this.#closing ?? "model";
    else if (this.#closing === undefined) {
      this.#wanted ??= this.#budget.count(this.#endsLine(token));
      if (this.#wanted === undefined) return;
      // The model may be about to close the trace itself; a marker cut in two would be lost.
      const waits = this.#pipeline.inMarker && this.#waited++ < MARKER_TOKENS;
      if (!waits) this.#closeReasoning(this.#wanted);
    }
  }

  *#report(events: Iterable<GenerateEvent>): Generator<GenerateEvent> {
    for (const event of events) {
      if (event.type === "tool-call-end") this.#calls++;
      yield event;
    }
  }

  #finishReason(token: number): FinishReason | undefined {
    return this.#endsAt(token) || this.#pipeline.stopped !== undefined ? "stop" : undefined;
  }

  #endsAt(token: number): boolean {
    return !this.#request.ignoreEndTokens && this.#context.endTokens.has(token);
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

/** @throws {EngineError} `LOGITS_INVALID` when the device found no token to choose. */
function chosenToken({ token }: Sample, position: number): number {
  if (token >= 0) return token;
  throw new EngineError(
    "LOGITS_INVALID",
    `The model's logits for position ${position} are NaN, +∞ or all −∞, so there is no token to choose. ` +
      "Its weights or states may be damaged, or a bias or penalty too large.",
    { position },
  );
}
