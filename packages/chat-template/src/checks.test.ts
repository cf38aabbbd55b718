import { describe, expect, test } from "vitest";
import { nemotron } from "../fixtures/nemotron-prompts.ts";
import type { Message } from "./messages.ts";

const user = { role: "user", content: "Go" };

describe("bad input is refused before the template sees it", () => {
  const bad: [string, unknown[], object][] = [
    ["no messages", [], { field: "messages" }],
    ["a message that is a string", ["Hi"], { messageIndex: 0 }],
    [
      "an unknown role",
      [user, { role: "narrator", content: "" }],
      { messageIndex: 1, role: "narrator", field: "role" },
    ],
    ["a missing role", [{ content: "" }], { messageIndex: 0, field: "role" }],
    [
      "content that is a number",
      [{ role: "user", content: 5 }],
      { messageIndex: 0, role: "user", field: "content", actual: 5 },
    ],
    [
      "content of a user under another name",
      [{ role: "user", text: "Hi" }],
      { messageIndex: 0, role: "user", field: "content", actual: undefined },
    ],
    [
      "an image",
      [user, { role: "user", content: [{ type: "text", text: "a" }, { type: "image_url" }] }],
      { messageIndex: 1, field: "content[1]" },
    ],
    [
      "tool calls that are no list",
      [user, { role: "assistant", tool_calls: {} }],
      { messageIndex: 1, field: "tool_calls" },
    ],
    [
      "a call without a function",
      [user, { role: "assistant", tool_calls: [{ function: null }] }],
      { field: "tool_calls[0].function" },
    ],
    [
      "a call without a name",
      [user, { role: "assistant", tool_calls: [{ function: {} }] }],
      { field: "tool_calls[0].function.name" },
    ],
    [
      "arguments that are a number",
      [user, { role: "assistant", tool_calls: [{ name: "f", arguments: 5 }] }],
      { field: "tool_calls[0].arguments" },
    ],
  ];
  test.each(bad)("%s", (_, messages, expected) => {
    expect(() => nemotron.render(messages as Message[])).toThrow(
      expect.objectContaining({ name: "ChatTemplateError", code: "TEMPLATE_MESSAGE", ...expected }),
    );
  });

  test.each<[string, unknown, object]>([
    ["an object for tools", {}, { field: "tools" }],
    ["a tool that is a string", ["f"], { toolIndex: 0 }],
    [
      "a tool without a name",
      [{ name: "f" }, { type: "function", function: {} }],
      { toolIndex: 1, field: "function.name" },
    ],
    [
      "a tool with function null",
      [{ type: "function", function: null }],
      { toolIndex: 0, field: "function" },
    ],
    [
      "a description that is a list",
      [{ name: "f", description: [] }],
      { toolIndex: 0, field: "description" },
    ],
    [
      "parameters that are a string",
      [{ name: "f", parameters: "{}" }],
      { toolIndex: 0, field: "parameters" },
    ],
  ])("%s", (_, tools, expected) => {
    expect(() => nemotron.render([user as Message], { tools: tools as never })).toThrow(
      expect.objectContaining({ code: "TEMPLATE_TOOL", ...expected }),
    );
  });

  test("messages that are no list, in either mode", () => {
    for (const mode of ["robust", "faithful"] as const)
      expect(() => nemotron.render({} as never, { mode })).toThrow(
        expect.objectContaining({ code: "TEMPLATE_MESSAGE" }),
      );
  });

  test("a value that JSON cannot hold, by its path", () => {
    const tools = [{ name: "f", parameters: { limit: Number.NaN } }];
    expect(() => nemotron.render([user as Message], { tools })).toThrow(
      expect.objectContaining({ code: "TEMPLATE_VALUE", field: "tools[0].parameters.limit" }),
    );
  });

  test("content that contains itself is still named", () => {
    const content: Record<string, unknown> = {};
    content.self = content;
    expect(() => nemotron.render([{ role: "user", content }] as unknown as Message[])).toThrow(
      expect.objectContaining({ code: "TEMPLATE_MESSAGE", field: "content" }),
    );
  });

  test("a value that contains itself", () => {
    const parameters: Record<string, unknown> = {};
    parameters.self = parameters;
    expect(() => nemotron.render([user as Message], { tools: [{ name: "f", parameters }] })).toThrow(
      expect.objectContaining({ code: "TEMPLATE_VALUE" }),
    );
  });
});
