import { hasNativeBackend } from "@krait/backend-native";
import type { Message } from "@krait/chat-template";
import { beforeAll, describe, expect, test } from "vitest";
import { demoTools, loadModel } from "./index.ts";

const turns = [
  "Hello!",
  "What is 47 + 38?",
  "What is the weather in Paris and Tokyo?",
  "Was ist die Hauptstadt von Italien? /think",
  "Thank you, bye!",
];

/** Everything that is said when the embedded model is asked one turn after the other, tools called and all. */
async function conversation(backend: string, weights: "f32" | "f16"): Promise<readonly Message[]> {
  await using model = await loadModel(undefined, {
    backend,
    quantize: weights,
    kvDtype: "f32",
    maxContext: 4096,
  });
  const messages: Message[] = [];
  for (const content of turns) {
    messages.push({ role: "user", content });
    const run = model.runTools(messages, {
      tools: demoTools(),
      maxTokens: 120,
      sampling: { temperature: 0 },
    });
    messages.push(...(await run.result()).messages);
  }
  return messages.map(withoutIds);
}

/** The ids of tool calls are random. */
function withoutIds(message: Message): Message {
  return JSON.parse(JSON.stringify(message).replaceAll(/"call_[0-9a-f]+"/g, '"call"'));
}

describe.each(["f32", "f16"] as const)("with weights in %s", (weights) => {
  let expected: readonly Message[];

  beforeAll(async () => {
    expected = await conversation("cpu", weights);
  });

  test("the reference answers every turn, and calls tools", () => {
    expect(expected.filter(({ role }) => role === "user")).toHaveLength(turns.length);
    expect(expected.filter(({ role }) => role === "tool").length).toBeGreaterThanOrEqual(3);
    expect(expected.at(-1)).toMatchObject({ role: "assistant" });
  });

  test.for(["native", "wasm"])(
    "the embedded model says on %s what it says on the reference",
    async (backend, { skip }) => {
      if (backend === "native" && !hasNativeBackend()) skip("the native kernels are not compiled here");
      expect(await conversation(backend, weights)).toEqual(expected);
    },
  );
});
