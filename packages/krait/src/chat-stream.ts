import type { AssistantMessage } from "@krait/chat-template";
import type { FinishEvent, GenerateEvent, GenerateStream } from "@krait/engine";
import { foldEvents, type ParseWarning, type ToolCallEvent } from "@krait/tool-parser";

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
}

/** An answer under way: iterate its events once, or await its result. */
export interface ChatStream extends AsyncIterable<GenerateEvent> {
  /** Ends the reasoning now and goes on to the answer. */
  endThinking(): void;
  /** The whole answer, once it is complete. Reads the events if nobody does. */
  result(): Promise<ChatResult>;
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

/** Adds `result()` to a stream of events. */
export function chatStream(stream: GenerateStream): ChatStream {
  const answer: ToolCallEvent[] = [];
  let settle: { resolve(result: ChatResult): void; reject(error: unknown): void } | undefined;
  const result = new Promise<ChatResult>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Whoever iterates sees the failure there; it is unhandled only if nobody does.
  result.catch(() => {});
  let started = false;

  async function* events(): AsyncGenerator<GenerateEvent, void, undefined> {
    let finished = false;
    started = true;
    try {
      for await (const event of stream) {
        if (answerEvents.has(event.type)) answer.push(event as ToolCallEvent);
        if (event.type === "finish") {
          finished = true;
          settle?.resolve(toResult(answer, event));
        }
        yield event;
      }
    } catch (error) {
      finished = true;
      settle?.reject(error);
      throw error;
    } finally {
      if (!finished) settle?.reject(new DOMException("The answer was left before its end.", "AbortError"));
    }
  }

  const iterator = events();
  return {
    [Symbol.asyncIterator]: () => iterator,
    endThinking: () => stream.endThinking(),
    async result() {
      if (!started) for await (const _ of iterator);
      return result;
    },
  };
}

let calls = 0;

function toResult(answer: readonly ToolCallEvent[], finish: FinishEvent): ChatResult {
  const { reasoning, text, toolCalls, warnings } = foldEvents(answer);
  const made = toolCalls.map((call) => ({
    id: call.id ?? `call_${++calls}`,
    name: call.name,
    arguments: call.arguments,
  }));
  const { type, ...rest } = finish;
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
