import type { AssistantMessage } from "@krait/chat-template";
import type { FinishEvent, GenerateEvent, GenerateStream } from "@krait/engine";
import { foldEvents, type ParseWarning, type ToolCallEvent } from "@krait/tool-parser";
import { type EventStream, eventStream } from "./event-stream.ts";

/** A call that the model made, with the id by which its result refers to it. */
export interface MadeCall {
  readonly id: string;
  readonly name: string;
  /** JSON, as the model wrote it. */
  readonly arguments: string;
}

/** A whole answer. */
export interface ChatResult extends Omit<FinishEvent, "type"> {
  readonly text: string;
  readonly reasoning: string;
  readonly toolCalls: readonly MadeCall[];
  readonly warnings: readonly ParseWarning[];
  /** The answer as the next message of the conversation; reasoning is not part of a history. */
  readonly message: AssistantMessage;
  /** With `n` above 1: every answer, this one the first of them. */
  readonly choices?: readonly ChatResult[];
}

/** An answer under way: iterate its events once, or await its result. */
export interface ChatStream extends EventStream<GenerateEvent, ChatResult> {
  /** Ends the reasoning now and goes on to the answer. */
  endThinking(): void;
}

/** Events that make up the answer, as opposed to those that tell of its progress. */
const answerEvents: ReadonlySet<string> = new Set([
  "reasoning-delta",
  "text-delta",
  "tool-call-start",
  "tool-call-delta",
  "tool-call-end",
  "tool-call-abort",
  "warning",
]);

/**
 * Adds `result()` to a stream of events.
 *
 * @param n - how many answers there will be.
 */
export function chatStream(stream: GenerateStream, n = 1): ChatStream {
  const events = eventStream<GenerateEvent, ChatResult>(async function* (settle) {
    const answers: ToolCallEvent[][] = Array.from({ length: n }, () => []);
    const results: ChatResult[] = [];
    let finished = 0;
    for await (const event of stream) {
      const choice = event.choice ?? 0;
      if (answerEvents.has(event.type)) answers[choice]!.push(event as ToolCallEvent);
      if (event.type === "finish") {
        results[choice] = toResult(answers[choice]!, event);
        if (++finished === n) settle(n === 1 ? results[0]! : { ...results[0]!, choices: results });
      }
      yield event;
    }
  });
  return { ...events, endThinking: () => stream.endThinking() };
}

function toResult(answer: readonly ToolCallEvent[], finish: FinishEvent & { choice?: number }): ChatResult {
  const { reasoning, text, toolCalls, warnings } = foldEvents(answer);
  const made = toolCalls.map((call) => ({
    id: call.id ?? newCallId(),
    name: call.name,
    arguments: call.arguments,
  }));
  const { type, choice, ...rest } = finish;
  return { ...rest, reasoning, text, toolCalls: made, warnings, message: toMessage(text, made) };
}

function toMessage(text: string, calls: readonly MadeCall[]): AssistantMessage {
  if (calls.length === 0) return { role: "assistant", content: text };
  return {
    role: "assistant",
    content: text === "" ? null : text,
    tool_calls: calls.map(({ id, name, arguments: json }) => ({
      id,
      type: "function",
      function: { name, arguments: json },
    })),
  };
}

/** Random, so that calls of stored conversations never share one. */
function newCallId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return `call_${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
