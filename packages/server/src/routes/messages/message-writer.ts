import { randomId } from "../../exchange.ts";
import type { ServerSentEvent } from "../../http/event-stream.ts";
import type { ServedEvent, ServedUsage } from "../../model/served-model.ts";

interface Head {
  readonly id: string;
  readonly model: string;
  readonly showsReasoning: boolean;
}

type Block =
  | { readonly type: "thinking"; thinking: string; readonly signature: string }
  | { readonly type: "text"; text: string }
  | { readonly type: "tool_use"; readonly id: string; readonly name: string; input: unknown };

/** Turns an answer's events into a message of Anthropic's API, and into the events that tell of its growth. */
export class MessageWriter {
  readonly #head: Head;
  readonly #content: Block[] = [];
  #isOpen = false;
  #stopReason: string | null = null;
  #stopSequence: string | null = null;
  #usage: ServedUsage | undefined;

  constructor(head: Head) {
    this.#head = head;
  }

  get message(): object {
    return {
      id: this.#head.id,
      type: "message",
      role: "assistant",
      model: this.#head.model,
      content: this.#content,
      stop_reason: this.#stopReason,
      stop_sequence: this.#stopSequence,
      usage: usageBody(this.#usage),
    };
  }

  /** @param promptTokens - as far as they are known when the message begins. */
  *begin(promptTokens: number): Iterable<ServerSentEvent> {
    const usage = { ...usageBody(undefined), input_tokens: promptTokens };
    yield event("message_start", { message: { ...this.message, content: [], usage } });
    yield event("ping", {});
  }

  *write(event: ServedEvent): Iterable<ServerSentEvent> {
    switch (event.type) {
      case "reasoning-delta":
        if (this.#head.showsReasoning) yield* this.#thinking(event.text);
        break;
      case "text-delta":
        yield* this.#text(event.text);
        break;
      case "tool-call-start":
        yield* this.#close();
        yield this.#open({ type: "tool_use", id: `toolu_${randomId()}`, name: event.name, input: {} });
        break;
      case "tool-call-delta":
        yield this.#delta({ type: "input_json_delta", partial_json: event.text });
        break;
      case "tool-call-end":
        (this.#content.at(-1) as Block & { type: "tool_use" }).input = objectIn(event.arguments);
        yield* this.#close();
        break;
      case "tool-call-abort":
        yield* this.#close();
        this.#content.pop();
        break;
      case "finish":
        yield* this.#finish(event);
    }
  }

  *#thinking(thinking: string): Iterable<ServerSentEvent> {
    let block = this.#content.at(-1);
    if (!this.#isOpen || block?.type !== "thinking") {
      yield* this.#close();
      block = { type: "thinking", thinking: "", signature: "" };
      yield this.#open(block);
    }
    block.thinking += thinking;
    yield this.#delta({ type: "thinking_delta", thinking });
  }

  *#text(text: string): Iterable<ServerSentEvent> {
    let block = this.#content.at(-1);
    if (!this.#isOpen || block?.type !== "text") {
      yield* this.#close();
      block = { type: "text", text: "" };
      yield this.#open(block);
    }
    block.text += text;
    yield this.#delta({ type: "text_delta", text });
  }

  *#finish({ finishReason, stop, usage }: ServedEvent & { type: "finish" }): Iterable<ServerSentEvent> {
    yield* this.#close();
    this.#usage = usage;
    this.#stopSequence = stop ?? null;
    this.#stopReason =
      stop !== undefined
        ? "stop_sequence"
        : { stop: "end_turn", length: "max_tokens", "tool-calls": "tool_use" }[finishReason];
    yield event("message_delta", {
      delta: { stop_reason: this.#stopReason, stop_sequence: this.#stopSequence },
      usage: usageBody(usage),
    });
    yield event("message_stop", {});
  }

  /** Blocks count up from 0 on the stream, those that broke off included. */
  #index = -1;

  #open(block: Block): ServerSentEvent {
    this.#isOpen = true;
    this.#index++;
    this.#content.push(block);
    return event("content_block_start", { index: this.#index, content_block: { ...block } });
  }

  *#close(): Iterable<ServerSentEvent> {
    if (this.#isOpen) yield event("content_block_stop", { index: this.#index });
    this.#isOpen = false;
  }

  #delta(delta: object): ServerSentEvent {
    return event("content_block_delta", { index: this.#index, delta });
  }
}

function event(type: string, fields: object): ServerSentEvent {
  return { event: type, data: { type, ...fields } };
}

/** Cached tokens are counted apart from the others here. */
function usageBody(usage: ServedUsage | undefined): object {
  const { promptTokens = 0, cachedTokens = 0, completionTokens = 0, reasoningTokens = 0 } = usage ?? {};
  return {
    input_tokens: promptTokens - cachedTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cachedTokens,
    output_tokens: completionTokens,
    output_tokens_details: { thinking_tokens: reasoningTokens },
  };
}

/** Arguments as this API wants them. The model may have written something else, which is kept to be seen. */
function objectIn(json: string): unknown {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {}
  return { arguments: json };
}
