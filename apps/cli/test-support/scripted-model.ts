import type { Message } from "@krait/chat-template";
import type { ChatOptions, ChatResult, ChatStream, RunToolsOptions, ToolRun } from "krait";
import type { TalkingModel } from "../src/tool-set.ts";

export interface RecordedRequest {
  readonly messages: readonly Message[];
  readonly options: ChatOptions;
  /** The names of the tools that could be called. */
  readonly tools: readonly string[];
}

/** Stands in for a model where only the conversation matters: answers `Answer 1.`, `Answer 2.` and so on. */
export class ScriptedModel implements TalkingModel {
  readonly requests: RecordedRequest[] = [];
  /** Called after each of an answer's two parts. */
  onToken: (spoken: number) => unknown = () => {};

  chat(messages: readonly Message[], options: ChatOptions = {}): ChatStream {
    return this.#answer(messages, options, []);
  }

  runTools(messages: readonly Message[], { tools, ...options }: RunToolsOptions): ToolRun {
    const stream = this.#answer(
      messages,
      options,
      tools.map(({ name }) => name),
    );
    const result = async () => {
      const answer = await stream.result();
      return { ...answer, messages: [answer.message] };
    };
    return { ...stream, result };
  }

  #answer(messages: readonly Message[], options: ChatOptions, tools: readonly string[]): ChatStream {
    this.requests.push({ messages, options, tools });
    const parts = ["Answer ", `${this.requests.length}.`];
    const { onToken } = this;
    async function* events() {
      for (const [i, text] of parts.entries()) {
        yield { type: "text-delta", text } as const;
        onToken(i + 1);
        options.signal?.throwIfAborted();
      }
    }
    const message = { role: "assistant", content: parts.join("") } as const;
    return {
      [Symbol.asyncIterator]: events,
      endThinking() {},
      result: async () => ({ message }) as unknown as ChatResult,
    };
  }
}
