import type { ServedModel } from "../src/index.ts";

/** Says after a while what it was asked. */
export function echoModel(milliseconds: number): ServedModel {
  const usage = { promptTokens: 1, cachedTokens: 0, completionTokens: 1, reasoningTokens: 0 };
  return {
    id: "echo",
    created: 0,
    supports: { structuredOutput: false, toolChoice: false, logprobs: false },
    async *chat({ messages, signal }) {
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      signal.throwIfAborted();
      yield { type: "text-delta", text: `You said: ${messages.at(-1)?.content}` };
      yield { type: "finish", finishReason: "stop", usage };
    },
    complete() {
      throw new Error("This model only chats.");
    },
  };
}
