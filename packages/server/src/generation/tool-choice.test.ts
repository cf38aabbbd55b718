import { demoTools, toolSchema } from "krait";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTiny, type TinyServer } from "../../test-support/running-server.ts";

let tiny: TinyServer;
let openai: OpenAI;
beforeAll(async () => {
  tiny = await startTiny();
  openai = new OpenAI({ baseURL: `${tiny.server.url}/v1`, apiKey: "none", maxRetries: 0 });
});
afterAll(() => tiny[Symbol.asyncDispose]());

const model = "tiny";
const sum = { role: "user" as const, content: "What is 47 + 38?" };
const tools = demoTools().map(toolSchema) as OpenAI.ChatCompletionFunctionTool[];

describe("a choice among the tools", () => {
  const names = tools.map(({ function: { name } }) => name);
  const others = names.filter((name) => name !== "calculate");

  test("is kept to in chats, and does not change the prompt", async () => {
    const free = await openai.chat.completions.create({ model, messages: [sum], tools });
    expect(free.choices[0]!.message.tool_calls).toMatchObject([{ function: { name: "calculate" } }]);
    for (const mode of ["required", "auto"] as const) {
      const allowed = others.map((name) => ({ type: "function", function: { name } }));
      const tool_choice = { type: "allowed_tools" as const, allowed_tools: { mode, tools: allowed } };
      const held = await openai.chat.completions.create({ model, messages: [sum], tools, tool_choice });
      const calls = held.choices[0]!.message.tool_calls ?? [];
      if (mode === "required") expect(calls.length).toBeGreaterThan(0);
      for (const call of calls) expect(others).toContain(call.type === "function" && call.function.name);
      expect(held.usage!.prompt_tokens).toBe(free.usage!.prompt_tokens);
    }
  });

  test("is kept to in responses, which repeat it", async () => {
    const request = {
      ...{ model, input: sum.content },
      tools: tools.map(({ function: called }) => ({ type: "function" as const, strict: null, ...called })),
    } as OpenAI.Responses.ResponseCreateParamsNonStreaming;
    const allowed = others.map((name) => ({ type: "function", name }));
    const tool_choice = { type: "allowed_tools" as const, mode: "required" as const, tools: allowed };
    const held = await openai.responses.create({ ...request, tool_choice });
    expect(held.tool_choice).toEqual(tool_choice);
    const calls = held.output.filter((item) => item.type === "function_call");
    expect(calls.length).toBeGreaterThan(0);
    for (const { name } of calls) expect(others).toContain(name);
  });

  test("of tools that are not there, or of none, is refused", async () => {
    const ask = (allowed: string[]) =>
      openai.chat.completions.create({
        ...{ model, messages: [sum], tools },
        tool_choice: {
          type: "allowed_tools",
          allowed_tools: {
            mode: "auto",
            tools: allowed.map((name) => ({ type: "function", function: { name } })),
          },
        },
      });
    await expect(ask(["strange"])).rejects.toMatchObject({
      ...{ status: 400, param: "tool_choice" },
      message: expect.stringContaining('"strange"'),
    });
    await expect(ask([])).rejects.toMatchObject({ status: 400, param: "tool_choice.allowed_tools.tools" });
  });
});

test("strict tools of responses are enforced or refused, as those of chats are", async () => {
  const parameters = { type: "object", patternProperties: {} };
  const tool = { type: "function" as const, name: "f", parameters };
  const ask = (strict: boolean | null) =>
    openai.responses.create({
      ...{ model, input: "Hello!", max_output_tokens: 1 },
      tools: [{ ...tool, strict }],
    });
  await expect(ask(true)).rejects.toMatchObject({ status: 400, code: "invalid_schema" });
  expect((await ask(null)).status).toBe("incomplete");
});
