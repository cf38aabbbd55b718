import { callId } from "../../generation/answer.ts";
import type { ChoiceEvent } from "../../generation/start-generation.ts";
import type { ServerSentEvent } from "../../http/event-stream.ts";
import type { ServedEvent, ServedUsage, TokenLikelihood } from "../../model/served-model.ts";
import { logprobsContent } from "./logprobs.ts";
import type { ResponseHead } from "./response-head.ts";
import { finishReason, usageBody } from "./response-words.ts";

/** Chunks as the answers are written. */
export async function* chatCompletionChunks(
  head: ResponseHead,
  events: AsyncIterable<ChoiceEvent>,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  const choices = Array.from({ length: head.choices }, (_, index) => new ChoiceWriter(index, head));
  const usages: ServedUsage[] = [];
  const chunk = (choices: readonly object[], more: object = {}): ServerSentEvent => ({
    data: {
      id: head.id,
      object: "chat.completion.chunk",
      created: head.created,
      model: head.model,
      choices,
      ...more,
    },
  });
  const noUsage = head.includeUsage ? { usage: null } : {};
  for await (const { choice, event } of events) {
    if (event.type === "finish") usages[choice] = event.usage;
    for (const written of choices[choice]!.write(event)) yield chunk([written], noUsage);
  }
  if (head.includeUsage) yield chunk([], { usage: usageBody(usages) });
  yield { data: "[DONE]" };
}

/** Writes one choice. */
class ChoiceWriter {
  readonly #index: number;
  readonly #head: ResponseHead;
  /** Tokens whose text has not been sent yet. */
  #tokens: TokenLikelihood[] = [];
  #hasBegun = false;

  constructor(index: number, head: ResponseHead) {
    this.#index = index;
    this.#head = head;
  }

  *write(event: ServedEvent): Iterable<object> {
    if (!this.#hasBegun) yield this.#choice({ role: "assistant", content: "" });
    this.#hasBegun = true;
    switch (event.type) {
      case "token":
        if (event.chosen !== undefined) this.#tokens.push({ chosen: event.chosen, top: event.top ?? [] });
        break;
      case "reasoning-delta":
        if (this.#head.showsReasoning) {
          yield this.#choice({ reasoning: event.text, reasoning_content: event.text });
        }
        break;
      case "text-delta":
        yield this.#choice({ content: event.text }, { logprobs: this.#takeLogprobs() });
        break;
      case "tool-call-start":
        yield this.#call(event.index, {
          id: callId(),
          type: "function",
          function: { name: event.name, arguments: "" },
        });
        break;
      case "tool-call-delta":
        yield this.#call(event.index, { function: { arguments: event.text } });
        break;
      case "finish":
        yield this.#choice(
          {},
          {
            logprobs: this.#tokens.length > 0 ? this.#takeLogprobs() : null,
            finish_reason: finishReason(event.finishReason),
            ...(event.stop !== undefined && { stop_reason: event.stop }),
            ...(event.reasoningEnd !== undefined && { reasoning_end: event.reasoningEnd }),
          },
        );
    }
  }

  #call(index: number, call: object): object {
    return this.#choice({ tool_calls: [{ index, ...call }] });
  }

  #choice(delta: object, more: object = {}): object {
    return { index: this.#index, delta, logprobs: null, finish_reason: null, ...more };
  }

  #takeLogprobs(): object | null {
    if (!this.#head.logprobs) return null;
    const content = this.#tokens.map(logprobsContent);
    this.#tokens = [];
    return { content, refusal: null };
  }
}
