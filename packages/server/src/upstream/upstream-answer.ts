import type { ChatTemplate } from "@krait/chat-template";
import {
  createChatPipeline,
  createPlainPipeline,
  REASONING_CLOSE,
  type TextPipeline,
  ThinkingBudget,
} from "@krait/engine";
import type { Tokenizer } from "@krait/tokenizer";
import { ApiError } from "../http/api-error.ts";
import type { ServedEvent, ServedUsage } from "../model/served-model.ts";
import { type CompletionPiece, type CompletionUsage, streamCompletion } from "./completion-stream.ts";
import { contextLengthOf } from "./context-length.ts";
import { UpstreamError } from "./upstream-error.ts";
import type { Upstream, UpstreamPool } from "./upstream-pool.ts";

/** What every answer of an upstream model shares. */
export interface UpstreamParts {
  readonly pool: UpstreamPool;
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
  readonly fetch: typeof fetch;
  readonly apiKey: string | undefined;
  /** By which the upstreams know the model. */
  readonly model: string;
  readonly promptAs: "tokens" | "text";
  /** How long an upstream may say nothing, before its first byte and between two. */
  readonly silenceSeconds: number;
  /** Undefined leaves it to what each upstream says. */
  readonly contextLength: number | undefined;
}

/**
 * So many tokens are asked for at a time where neither the client nor the upstream sets a limit: a completion
 * that asks for none has sixteen, by OpenAI's rule.
 */
const PIECE_TOKENS = 2048;

/** One prompt to continue. */
export interface UpstreamRequest {
  readonly text: string;
  readonly tokens: readonly number[];
  /** Requests with the same are best sent to the same upstream. */
  readonly prefix: string;
  readonly reasoning: "on" | "off";
  readonly format: "chat" | "text";
  readonly thinking: { readonly budget: number; readonly grace: number } | undefined;
  readonly stops: readonly string[];
  readonly maxTokens: number | undefined;
  /** Of the body, in OpenAI's names. */
  readonly sampling: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

type Ending = Omit<Extract<ServedEvent, { type: "finish" }>, "type" | "usage">;

/**
 * One answer, however many completions it takes. When the thinking budget is used up, the completion is ended
 * and another goes on behind the closing marker; when an upstream breaks off, another goes on from the text so far.
 */
export class UpstreamAnswer {
  readonly #parts: UpstreamParts;
  readonly #request: UpstreamRequest;
  readonly #pipeline: TextPipeline;
  readonly #budget: ThinkingBudget;
  readonly #failed = new Set<Upstream>();
  readonly #pieces: string[] = [];
  #text = "";
  #completionTokens = 0;
  #reasoningTokens = 0;
  #cachedTokens = 0;
  #reasoningEnd: string | undefined;
  /** Why the budget wants the trace to end, once it does. */
  #budgetEnd: string | undefined;

  constructor(parts: UpstreamParts, request: UpstreamRequest) {
    this.#parts = parts;
    this.#request = request;
    this.#budget = new ThinkingBudget(request.thinking ?? {});
    // Pieces of text stand for themselves: what the engine decodes from a token is looked up by number here.
    const stream = { push: (piece: number) => this.#pieces[piece]!, flush: () => "" };
    const { stops, reasoning } = request;
    this.#pipeline =
      request.format === "text"
        ? createPlainPipeline(stream, stops)
        : createChatPipeline(stream, { stops, reasoning, toolCallInReasoning: "closes-reasoning" });
  }

  /** @throws {UpstreamError} when no upstream is left to try. */
  async *events(): AsyncGenerator<ServedEvent, void, undefined> {
    const prefill: ServedEvent = { type: "prefill", totalTokens: this.#request.tokens.length };
    let calls = 0;
    let ending: Ending | undefined;
    let hasBegun = false;
    while (ending === undefined) {
      for await (const event of this.#completion()) {
        // Nothing is told before an upstream has taken the request, so that a refusal still is the response's status.
        if (!hasBegun) yield prefill;
        hasBegun = true;
        if (event.type === "end") ending = event.ending;
        else {
          if (event.type === "tool-call-end") calls++;
          yield event;
        }
      }
    }
    for (const event of this.#pipeline.flush()) {
      if (event.type === "tool-call-end") calls++;
      if (event.type !== "warning") yield event;
    }
    const finishReason = calls > 0 && ending.finishReason === "stop" ? "tool-calls" : ending.finishReason;
    yield { type: "finish", ...ending, finishReason, reasoningEnd: this.#reasoningEnd, usage: this.#usage };
  }

  /** Events of one completion, and how the answer ends if it does. */
  async *#completion(): AsyncGenerator<ServedEvent | { type: "end"; ending: Ending }, void, undefined> {
    const { pool, fetch, apiKey, silenceSeconds } = this.#parts;
    const { signal, prefix } = this.#request;
    const upstream = pool.choose(prefix, this.#failed);
    const before = this.#completionTokens;
    let isCut = false;
    upstream.running++;
    try {
      const { tokens, isLast } = await this.#limit(upstream);
      if (tokens <= 0) {
        yield { type: "end", ending: { finishReason: "length" } };
        return;
      }
      const target = { url: upstream.url, apiKey, fetch, silenceSeconds };
      for await (const piece of streamCompletion(target, this.#body(tokens), signal)) {
        yield* this.#take(piece.text);
        if (piece.usage !== undefined) this.#count(piece.usage, before);
        const { stopped } = this.#pipeline;
        const goesOn = piece.finishReason === "length" && !isLast && this.#completionTokens > before;
        if (stopped !== undefined) yield { type: "end", ending: { finishReason: "stop", stop: stopped } };
        else if (piece.finishReason !== undefined && !goesOn) yield { type: "end", ending: endingOf(piece) };
        // Leaving the loop ends the completion at the upstream.
        if (stopped !== undefined) return;
        isCut = this.#endThinking();
        if (isCut) break;
      }
      if (isCut) yield* this.#take(REASONING_CLOSE);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      if (error.status === 400 && this.#text !== "" && this.#request.maxTokens === undefined) {
        // Its context is full, of which it had not said how much it holds.
        yield { type: "end", ending: { finishReason: "length" } };
        return;
      }
      if (!error.mayGoElsewhere) throw error;
      pool.note(upstream, error.status !== undefined && error.status < 500 ? undefined : error);
      this.#failed.add(upstream);
      if (this.#failed.size === pool.upstreams.length) throw error;
    } finally {
      upstream.running--;
    }
  }

  /**
   * How many tokens to ask an upstream for, and whether the answer ends with them.
   *
   * @throws {ApiError} `context_length_exceeded` when there is no room for an answer.
   */
  async #limit(upstream: Upstream): Promise<{ readonly tokens: number; readonly isLast: boolean }> {
    const { fetch, model, apiKey } = this.#parts;
    const { maxTokens, tokens } = this.#request;
    upstream.contextLength ??= contextLengthOf(fetch, { url: upstream.url, model, apiKey }).catch(() => {
      upstream.contextLength = undefined;
      return undefined;
    });
    const contextLength = this.#parts.contextLength ?? (await upstream.contextLength);
    const wanted = (maxTokens ?? Number.POSITIVE_INFINITY) - this.#completionTokens;
    if (contextLength === undefined) {
      return maxTokens === undefined
        ? { tokens: PIECE_TOKENS, isLast: false }
        : { tokens: wanted, isLast: true };
    }
    if (tokens.length >= contextLength) {
      const message = `The prompt has ${tokens.length} tokens, but the context holds ${contextLength}, the answer included.`;
      throw new ApiError("invalid", message, { code: "context_length_exceeded" });
    }
    const room = contextLength - tokens.length - this.#completionTokens;
    return { tokens: Math.min(wanted, room), isLast: true };
  }

  #body(maxTokens: number): Readonly<Record<string, unknown>> & { prompt: string | readonly number[] } {
    const { text, tokens, sampling } = this.#request;
    const prompt =
      this.#parts.promptAs === "text"
        ? text + this.#text
        : [...tokens, ...this.#parts.tokenizer.encode(this.#text)];
    return {
      ...sampling,
      model: this.#parts.model,
      prompt,
      max_tokens: maxTokens,
    };
  }

  *#take(text: string): Generator<ServedEvent, void, undefined> {
    if (text === "") return;
    this.#text += text;
    const wasReasoning = this.#pipeline.reasoning;
    for (const token of this.#parts.tokenizer.encode(text)) {
      this.#completionTokens++;
      if (wasReasoning) this.#reasoningTokens++;
      yield { type: "token", reasoning: wasReasoning };
      this.#budgetEnd ??= wasReasoning
        ? this.#budget.count(this.#parts.tokenizer.tokenText(token).endsWith("\n"))
        : undefined;
    }
    for (const event of this.#pipeline.push(this.#pieces.push(text) - 1)) {
      if (event.type !== "warning") yield event;
    }
    if (wasReasoning && !this.#pipeline.reasoning) this.#reasoningEnd ??= "model";
  }

  /** Whether the trace has to be closed now; once. */
  #endThinking(): boolean {
    const { reasoning, inMarker } = this.#pipeline;
    if (this.#budgetEnd === undefined || !reasoning || inMarker) return false;
    this.#reasoningEnd = this.#budgetEnd;
    return true;
  }

  /** The upstream's own numbers are better than ours, which encode its text again. */
  #count({ completionTokens, cachedTokens }: CompletionUsage, before: number): void {
    this.#completionTokens = before + completionTokens;
    // The prompt of a later completion begins with what the one before it has read and written.
    if (before === 0) this.#cachedTokens = cachedTokens;
  }

  get #usage(): ServedUsage {
    return {
      promptTokens: this.#request.tokens.length,
      cachedTokens: this.#cachedTokens,
      completionTokens: this.#completionTokens,
      reasoningTokens: Math.min(this.#reasoningTokens, this.#completionTokens),
    };
  }
}

function endingOf({ finishReason }: CompletionPiece): Ending {
  return { finishReason: finishReason === "length" ? "length" : "stop" };
}
