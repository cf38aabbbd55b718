import { expect, test } from "vitest";
import { validate } from "../../http/validation.ts";
import { type Block, blockSchema, toMessages } from "./blocks.ts";

const read = (role: "user" | "assistant", ...blocks: unknown[]) => {
  const content = blocks.map((block): Block => validate(blockSchema, block));
  return toMessages({ role, content }, "messages[0].content");
};
const result = (more: object) => ({ type: "tool_result", tool_use_id: "toolu_1", ...more });

test.each<[object, string]>([
  [{ content: "no such city", is_error: true }, "no such city"],
  [{ is_error: true }, "The tool failed."],
  [{ content: [], is_error: true }, "The tool failed."],
  [{ content: "", is_error: false }, ""],
  [
    {
      content: [
        { type: "text", text: "20" },
        { type: "text", text: "sunny" },
      ],
    },
    "20\nsunny",
  ],
])("the result of a tool %j is told as %j", (more, content) => {
  expect(read("user", result(more))).toEqual([{ role: "tool", content, tool_call_id: "toolu_1" }]);
});

test("documents of text are read where they stand, with their titles", () => {
  const cache_control = { type: "ephemeral" };
  const plain = { type: "text", media_type: "text/plain", data: "It is blue." };
  const chunks = {
    type: "content",
    content: [
      { type: "text", text: "It is" },
      { type: "text", text: "high." },
    ],
  };
  expect(
    read(
      "user",
      { type: "document", source: plain, title: "The sky", context: "A poem", citations: { enabled: false } },
      { type: "document", source: chunks, cache_control },
      { type: "text", text: "What is the sky?" },
    ),
  ).toEqual([{ role: "user", content: "The sky\nA poem\nIt is blue.\nIt is\nhigh.\nWhat is the sky?" }]);
});

test.each([
  ["base64", { type: "base64", media_type: "application/pdf", data: "AAAA" }],
  ["url", { type: "url", url: "https://example.org/a.pdf" }],
])("a document from %s is refused by its path", (_, source) => {
  expect(() => read("user", { type: "text", text: "a" }, { type: "document", source })).toThrow(
    expect.objectContaining({ code: "unsupported", param: "messages[0].content[1]" }),
  );
});

test("texts and calls that alternate are one message with its calls, and thinking is left out", () => {
  const use = (id: string) => ({ type: "tool_use", id, name: "look", input: { at: id } });
  const called = (id: string) => ({
    ...{ id, type: "function" },
    function: { name: "look", arguments: JSON.stringify({ at: id }) },
  });
  expect(
    read(
      "assistant",
      { type: "thinking", thinking: "Hm.", signature: "s" },
      { type: "text", text: "First" },
      use("a"),
      { type: "text", text: "then" },
      use("b"),
    ),
  ).toEqual([{ role: "assistant", content: "First\nthen", tool_calls: [called("a"), called("b")] }]);
});
