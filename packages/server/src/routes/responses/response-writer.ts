import { callId } from "../../generation/answer.ts";
import type { ServerSentEvent } from "../../http/event-stream.ts";
import type { ServedEvent, ServedUsage, TokenLikelihood } from "../../model/served-model.ts";
import { logprobsContent } from "../chat-completions/logprobs.ts";
import type { ItemOf, ItemStatus, OutputItem } from "./output-items.ts";
import type { StoredResponse } from "./response-store.ts";

interface Head {
  readonly id: string;
  readonly created_at: number;
  readonly model: string;
  /** What the response repeats of the request. */
  readonly repeated: Readonly<Record<string, unknown>>;
  readonly showsReasoning: boolean;
  readonly logprobs: boolean;
}

type Failure = { readonly code: string; readonly message: string };

/**
 * Turns an answer's events into a response and into the events that tell of its growth.
 *
 * The reasoning is sent as the item's summary: its events are the only ones for reasoning that OpenAI's API
 * and the Open Responses specification both have.
 */
export class ResponseWriter {
  readonly #head: Head;
  readonly #id: string;
  readonly output: OutputItem[] = [];
  #open: OutputItem | undefined;
  #tokens: TokenLikelihood[] = [];
  #sequence = 0;
  #usage: ServedUsage | undefined;
  #status: "in_progress" | "completed" | "incomplete" | "failed" = "in_progress";
  #error: Failure | null = null;

  /** @param id - makes the items' ids. */
  constructor(head: Head, id: string) {
    this.#head = head;
    this.#id = id;
  }

  /** The response as it stands. */
  get response(): StoredResponse["response"] & Readonly<Record<string, unknown>> {
    const { id, created_at, model, repeated } = this.#head;
    const hasEnded = this.#status === "completed";
    return {
      id,
      object: "response",
      created_at,
      completed_at: hasEnded ? Math.floor(Date.now() / 1000) : null,
      status: this.#status,
      incomplete_details: this.#status === "incomplete" ? { reason: "max_output_tokens" } : null,
      model,
      ...repeated,
      output: structuredClone(this.output),
      error: this.#error,
      usage: this.#usage === undefined ? null : usageBody(this.#usage),
    };
  }

  *begin(): Iterable<ServerSentEvent> {
    yield this.#event("response.created", { response: this.response });
    yield this.#event("response.in_progress", { response: this.response });
  }

  *write(event: ServedEvent): Iterable<ServerSentEvent> {
    switch (event.type) {
      case "token":
        if (event.chosen !== undefined) this.#tokens.push({ chosen: event.chosen, top: event.top ?? [] });
        break;
      case "reasoning-delta":
        if (this.#head.showsReasoning) yield* this.#reasoning(event.text);
        break;
      case "text-delta":
        yield* this.#text(event.text);
        break;
      case "tool-call-start":
        yield* this.#startCall(event.name);
        break;
      case "tool-call-delta":
        yield* this.#growCall(event.text);
        break;
      case "tool-call-end":
        yield* this.#close("completed");
        break;
      case "tool-call-abort":
        yield* this.#close("incomplete");
        break;
      case "finish":
        yield* this.#finish(event);
    }
  }

  /** The end of a response that something went wrong with. */
  fail(error: Failure): ServerSentEvent {
    this.#status = "failed";
    this.#error = error;
    return this.#event("response.failed", { response: this.response });
  }

  *#reasoning(delta: string): Iterable<ServerSentEvent> {
    let item = this.#open;
    if (item?.type !== "reasoning") {
      yield* this.#close("completed");
      item = { type: "reasoning", id: this.#itemId("rs"), summary: [] };
      yield this.#add(item);
      const part = { type: "summary_text" as const, text: "" };
      item.summary.push(part);
      yield this.#itemEvent("response.reasoning_summary_part.added", { summary_index: 0, part: { ...part } });
    }
    item.summary[0]!.text += delta;
    yield this.#itemEvent("response.reasoning_summary_text.delta", { summary_index: 0, delta });
  }

  *#text(delta: string): Iterable<ServerSentEvent> {
    let item = this.#open;
    if (item?.type !== "message") {
      yield* this.#close("completed");
      item = {
        type: "message",
        id: this.#itemId("msg"),
        status: "in_progress",
        role: "assistant",
        content: [],
      };
      yield this.#add(item);
      const part = { type: "output_text" as const, text: "", annotations: [], logprobs: [] };
      item.content.push(part);
      yield this.#itemEvent("response.content_part.added", { content_index: 0, part: structuredClone(part) });
    }
    const logprobs = this.#head.logprobs ? this.#tokens.map(logprobsContent) : [];
    this.#tokens = [];
    item.content[0]!.text += delta;
    item.content[0]!.logprobs.push(...logprobs);
    yield this.#itemEvent("response.output_text.delta", { content_index: 0, delta, logprobs });
  }

  *#startCall(name: string): Iterable<ServerSentEvent> {
    yield* this.#close("completed");
    yield this.#add({
      type: "function_call",
      id: this.#itemId("fc"),
      call_id: callId(),
      name,
      arguments: "",
      status: "in_progress",
    });
  }

  *#growCall(delta: string): Iterable<ServerSentEvent> {
    const item = this.#open as ItemOf<"function_call">;
    item.arguments += delta;
    yield this.#itemEvent("response.function_call_arguments.delta", { delta });
  }

  *#finish(event: ServedEvent & { type: "finish" }): Iterable<ServerSentEvent> {
    const isCut = event.finishReason === "length";
    // An answer of nothing is still an answer.
    if (this.output.length === 0) yield* this.#text("");
    yield* this.#close(isCut ? "incomplete" : "completed");
    this.#usage = event.usage;
    this.#status = isCut ? "incomplete" : "completed";
    yield this.#event(`response.${this.#status}`, { response: this.response });
  }

  *#close(status: ItemStatus): Iterable<ServerSentEvent> {
    const item = this.#open;
    if (item === undefined) return;
    if (item.type === "reasoning") {
      const part = item.summary[0]!;
      yield this.#itemEvent("response.reasoning_summary_text.done", { summary_index: 0, text: part.text });
      yield this.#itemEvent("response.reasoning_summary_part.done", { summary_index: 0, part: { ...part } });
    } else if (item.type === "message") {
      const part = item.content[0]!;
      const { text, logprobs } = part;
      yield this.#itemEvent("response.output_text.done", { content_index: 0, text, logprobs: [...logprobs] });
      yield this.#itemEvent("response.content_part.done", { content_index: 0, part: structuredClone(part) });
      item.status = status;
    } else {
      yield this.#itemEvent("response.function_call_arguments.done", {
        name: item.name,
        arguments: item.arguments,
      });
      item.status = status;
    }
    const output_index = this.output.length - 1;
    yield this.#event("response.output_item.done", { output_index, item: structuredClone(item) });
    this.#open = undefined;
  }

  #add(item: OutputItem): ServerSentEvent {
    this.#open = item;
    this.output.push(item);
    const output_index = this.output.length - 1;
    return this.#event("response.output_item.added", { output_index, item: structuredClone(item) });
  }

  #itemEvent(type: string, fields: object): ServerSentEvent {
    const item_id = this.#open!.id;
    return this.#event(type, { item_id, output_index: this.output.length - 1, ...fields });
  }

  #event(type: string, fields: object): ServerSentEvent {
    return { event: type, data: { type, sequence_number: this.#sequence++, ...fields } };
  }

  #itemId(prefix: string): string {
    return `${prefix}_${this.#id}${this.output.length}`;
  }
}

function usageBody(usage: ServedUsage): object {
  return {
    input_tokens: usage.promptTokens,
    input_tokens_details: { cached_tokens: usage.cachedTokens },
    output_tokens: usage.completionTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.promptTokens + usage.completionTokens,
  };
}
