import type { Tokenizer } from "@krait/tokenizer";
import { expect, test } from "vitest";
import { loadModel } from "./load-model.ts";
import { requireRoom } from "./require-room.ts";

/** A tokenizer whose tokens have so many characters; says how many it was given. */
function counted(charactersPerToken: number) {
  const seen = { characters: 0 };
  const encode = (text: string) => {
    seen.characters += text.length;
    return new Array<number>(Math.ceil(text.length / charactersPerToken));
  };
  return { seen, tokenizer: { encode } as unknown as Tokenizer };
}

const tooLong = expect.objectContaining({ code: "CONTEXT_EXCEEDED" });

test("of a prompt that is far too long only the beginning is encoded", () => {
  const { tokenizer, seen } = counted(4);
  expect(() => requireRoom(tokenizer, ["x".repeat(20_000_000)], 1000)).toThrow(tooLong);
  expect(seen.characters).toBeLessThan(100_000);
});

test("one that may fit is left to whoever counts exactly", () => {
  const usual = counted(4);
  requireRoom(usual.tokenizer, ["x".repeat(8000)], 1000);
  expect(usual.seen.characters).toBe(0);
  const sparse = counted(500);
  requireRoom(sparse.tokenizer, ["x".repeat(300_000), "x".repeat(100_000)], 1000);
  expect(sparse.seen.characters).toBe(400_000);
});

test("chats and texts are refused so", async () => {
  await using model = await loadModel();
  const content = "a".repeat(16_000_000);
  expect(() => model.chat([{ role: "user", content }])).toThrow(tooLong);
  expect(() => model.complete(content)).toThrow(tooLong);
});

test("a conversation of more messages than the context has tokens is refused before it is rendered", async () => {
  await using model = await loadModel(undefined, { maxContext: 256 });
  const messages = (count: number) =>
    Array.from({ length: count }, () => ({ role: "user" as const, content: "" }));
  expect(() => model.chat(messages(257))).toThrow(
    expect.objectContaining({ code: "CONTEXT_EXCEEDED", message: expect.stringContaining("257 messages") }),
  );
  // What the template says, and with it the count of tokens, decides about all others.
  for (const none of [[], undefined as never])
    expect(() => model.chat(none)).toThrow(expect.objectContaining({ code: "TEMPLATE_MESSAGE" }));
});
