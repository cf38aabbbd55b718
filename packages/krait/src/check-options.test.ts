import { afterAll, beforeAll, expect, test } from "vitest";
import type { ChatModel } from "./chat-model.ts";
import type { ChatOptions } from "./chat-options.ts";
import { demoTools } from "./demo-tools.ts";
import { type LoadModelOptions, loadModel } from "./load-model.ts";

// Programs in JavaScript have no types to hold them to these.

let model: ChatModel;
beforeAll(async () => {
  model = await loadModel(undefined, { backend: "cpu", maxContext: 256, maxSequences: 1 });
});
afterAll(() => model[Symbol.asyncDispose]());

const tools = [{ name: "calculate" }];

test.each<[options: object, option: string, expected: RegExp]>([
  [{ format: "json" }, "format.type", /"json-schema", "json-object", "regex" or "choice", but is null/],
  [{ format: { type: "json_schema", schema: {} } }, "format.type", /but is "json_schema"/],
  [{ format: { type: "regex" } }, "format.pattern", /a RegExp has it in source, but is null/],
  [{ format: { type: "regex", pattern: /a+/ } }, "format.pattern", /in source, but is {}/],
  [{ format: { type: "choice", choices: "yes" } }, "format.choices", /a list of texts, but is "yes"/],
  [{ tools, toolChoice: "any" }, "toolChoice", /"auto", "none" or "required", but is "any"/],
  [{ tools, allowedTools: "calculate" }, "allowedTools", /a list of names/],
  [{ tools: { calculate: {} } }, "tools", /a list of tools/],
  [{ constraint: {} }, "constraint", /a function/],
  [{ reasoning: true }, "reasoning", /"on" or "off", but is true/],
])("a chat refuses %o by name", (options, option, message) => {
  expect(() => model.chat([{ role: "user", content: "Hi" }], options as ChatOptions)).toThrow(
    expect.objectContaining({
      code: "OPTION_INVALID",
      message: expect.stringMatching(message),
      details: expect.objectContaining({ option }),
    }),
  );
});

test("a chat refuses tools that it would not call, and names what calls them", () => {
  expect(() => model.chat([{ role: "user", content: "Hi" }], { tools: demoTools() })).toThrow(
    expect.objectContaining({ code: "TOOL_INVALID", message: expect.stringContaining("runTools") }),
  );
});

test("an AbortController is no signal, neither of a chat nor of a load", async () => {
  const signal = new AbortController() as unknown as AbortSignal;
  expect(() => model.chat([{ role: "user", content: "Hi" }], { signal })).toThrow(
    expect.objectContaining({ code: "REQUEST_INVALID", message: expect.stringContaining("AbortSignal") }),
  );
  await expect(loadModel(undefined, { signal })).rejects.toMatchObject({
    code: "OPTION_INVALID",
    details: { option: "signal", actual: signal },
  });
});

test.each([5, {}])("%o is no backend", async (backend) => {
  await expect(loadModel(undefined, { backend } as LoadModelOptions)).rejects.toMatchObject({
    code: "OPTION_INVALID",
    details: { option: "backend" },
  });
});
