import type { GenerateEvent } from "@krait/engine";
import { expect, test } from "vitest";
import { chatStream } from "./chat-stream.ts";

const finish = (finishReason: "stop" | "length"): GenerateEvent => ({
  type: "finish",
  finishReason,
  reasoningEnd: undefined,
  stop: undefined,
  usage: { promptTokens: 1, cachedTokens: 0, completionTokens: 1, reasoningTokens: 0 },
  timing: { queueSeconds: 0, prefillSeconds: 0, decodeSeconds: 0 },
});

async function* interleaved(): AsyncGenerator<GenerateEvent> {
  yield { type: "text-delta", text: "Y", choice: 0 };
  yield { type: "text-delta", text: "N", choice: 1 };
  yield { type: "text-delta", text: "o", choice: 1 };
  yield { ...finish("length"), choice: 1 };
  yield { type: "text-delta", text: "es", choice: 0 };
  yield { ...finish("stop"), choice: 0 };
}

test("of several answers the result has each, and is the first of them", async () => {
  const stream = { [Symbol.asyncIterator]: interleaved, endThinking() {} };
  const { choices, ...first } = await chatStream(stream, 2).result();
  expect(first).toMatchObject({ text: "Yes", finishReason: "stop" });
  expect(choices).toMatchObject([
    { text: "Yes", finishReason: "stop", message: { role: "assistant", content: "Yes" } },
    { text: "No", finishReason: "length", message: { role: "assistant", content: "No" } },
  ]);
});
