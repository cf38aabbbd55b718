import type { GenerateStream } from "@krait/engine";
import { expect, test } from "vitest";
import { loadModel } from "./load-model.ts";

async function tokens(stream: GenerateStream): Promise<{ tokens: number[]; cached: number }> {
  const tokens: number[] = [];
  for await (const event of stream) {
    if (event.type === "token") tokens.push(event.token);
    if (event.type === "finish") return { tokens, cached: event.usage.cachedTokens };
  }
  throw new Error("The generation ended without a finish event.");
}

test("a session that was stored on one backend goes on on another, without reading its tokens again", async () => {
  const sizes = { maxContext: 512 };
  await using here = await loadModel(undefined, { backend: "cpu", ...sizes });
  await using there = await loadModel(undefined, { backend: "wasm", ...sizes });
  const pieces = here.template.render([{ role: "user", content: "What is 47 + 38?" }], {
    addGenerationPrompt: true,
    reasoning: "off",
  }).pieces;
  const ids = here.tokenizer.encode(pieces);
  using session = await here.engine.openSession(ids);
  using restored = there.engine.loadSession(await session.save());
  const request = { maxTokens: 12, format: "chat", sampling: { temperature: 0 } } as const;
  const want = await tokens(session.generate(request));
  expect(await tokens(restored.generate(request))).toEqual(want);
  expect(want.cached).toBe(ids.length - 1);
  expect(here.tokenizer.decode(want.tokens)).toContain("85");
});
