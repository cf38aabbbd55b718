import type { ServedModel } from "../src/index.ts";

/**
 * Says after a while what it was asked.
 *
 * @param answers - how many it gives; whoever asks more waits until the end of days.
 */
export function echoModel(milliseconds: number, answers: number = Number.POSITIVE_INFINITY): ServedModel {
  let asked = 0;
  const usage = { promptTokens: 1, cachedTokens: 0, completionTokens: 1, reasoningTokens: 0 };
  return {
    id: "echo",
    created: 0,
    supports: { structuredOutput: false, toolChoice: false, logprobs: false },
    async *chat({ messages, signal }) {
      const isHeld = ++asked > answers;
      await new Promise((resolve) => isHeld || setTimeout(resolve, milliseconds));
      signal.throwIfAborted();
      yield { type: "text-delta", text: `You said: ${messages.at(-1)?.content}` };
      yield { type: "finish", finishReason: "stop", usage };
    },
    complete() {
      throw new Error("This model only chats.");
    },
  };
}
