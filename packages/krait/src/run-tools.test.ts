import type { Message } from "@krait/chat-template";
import type { GenerateEvent, GenerateStream } from "@krait/engine";
import { parse } from "@krait/tool-parser";
import { expect, test } from "vitest";
import type { ChatOptions } from "./chat-options.ts";
import { type ChatStream, chatStream } from "./chat-stream.ts";
import { demoTools } from "./demo-tools.ts";
import { type ExecutableTool, runTools, type ToolRunEvent } from "./run-tools.ts";

/** A model that gives these answers one after the other, and remembers what it was asked. */
function answering(...answers: string[]): {
  chat: (messages: readonly Message[], options: ChatOptions) => ChatStream;
  asked: (readonly Message[])[];
} {
  const asked: (readonly Message[])[] = [];
  const chat = (messages: readonly Message[]): ChatStream => {
    asked.push(messages);
    const { text, toolCalls } = parse(answers[asked.length - 1]!, { reasoning: "off" });
    async function* events(): AsyncGenerator<GenerateEvent> {
      if (text !== "") yield { type: "text-delta", text };
      for (const [index, call] of toolCalls.entries()) yield { type: "tool-call-end", index, ...call };
      yield {
        type: "finish",
        finishReason: toolCalls.length > 0 ? "tool-calls" : "stop",
        reasoningEnd: undefined,
        stop: undefined,
        usage: { promptTokens: 1, cachedTokens: 0, completionTokens: 1, reasoningTokens: 0 },
        timing: { queueSeconds: 0, prefillSeconds: 0, decodeSeconds: 0 },
      };
    }
    const stream: GenerateStream = { [Symbol.asyncIterator]: events, endThinking() {} };
    return chatStream(stream);
  };
  return { chat, asked };
}

const calls = (...list: string[]): string => `<TOOLCALL>[${list.join(", ")}]</TOOLCALL>`;
const add = '{"name": "calculate", "arguments": {"expression": "2 + 3"}}';
const question: Message[] = [{ role: "user", content: "What is 2 + 3?" }];

test("calls are executed and their results go back in order, until an answer calls nothing", async () => {
  const { chat, asked } = answering(
    calls(add, '{"name": "calculate", "arguments": {"expression": "4 * 5"}}'),
    "It is 5, and 20.",
  );
  const events: ToolRunEvent[] = [];
  const run = runTools(chat, question, { tools: demoTools() });
  for await (const event of run) events.push(event);
  const result = await run.result();
  expect(result.text).toBe("It is 5, and 20.");
  expect(asked[1]!.slice(1).map(({ role, content }) => ({ role, content }))).toEqual([
    { role: "assistant", content: null },
    { role: "tool", content: { result: 5 } },
    { role: "tool", content: { result: 20 } },
  ]);
  expect(result.messages).toHaveLength(4);
  expect(events.filter(({ type }) => type === "step")).toHaveLength(2);
  const first = asked[1]![1] as unknown as { tool_calls: { id: string }[] };
  const ids = asked[1]!
    .filter(({ role }) => role === "tool")
    .map((message) => (message as { tool_call_id: string }).tool_call_id);
  expect(ids).toEqual(first.tool_calls.map(({ id }) => id));
  expect(new Set(ids).size).toBe(2);
});

test.each([
  ['{"name": "calculate", "arguments": {"expression": "2 +"}}', /Expected a number/],
  ['{"name": "calculate", "arguments": {"expression": 5}}', /should be text/],
  ['{"name": "fly", "arguments": {}}', /no tool "fly".*get_weather, calculate/],
  ['{"name": "calculate", "arguments": "2 + 3"}', /not valid JSON/],
  ['{"name": "calculate", "arguments": [1]}', /JSON object/],
])("what goes wrong in %s is told to the model, which may try again", async (call, message) => {
  const { chat, asked } = answering(calls(call), "Sorry.");
  const events: ToolRunEvent[] = [];
  for await (const event of runTools(chat, question, { tools: demoTools() })) events.push(event);
  expect(events).toContainEqual(
    expect.objectContaining({
      type: "tool-result",
      error: true,
      content: { error: expect.stringMatching(message) },
    }),
  );
  expect(asked).toHaveLength(2);
});

test("a model that never stops calling is stopped after maxSteps", async () => {
  const { chat, asked } = answering(calls(add), calls(add), calls(add));
  await expect(runTools(chat, question, { tools: demoTools(), maxSteps: 3 }).result()).rejects.toMatchObject({
    code: "TOOL_STEPS_EXCEEDED",
    details: { maxSteps: 3, calls: ["calculate"] },
  });
  expect(asked).toHaveLength(3);
});

test("a tool's value goes back as JSON sees it, and one that JSON cannot hold is told to the model", async () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  for (const [value, content] of [
    [new Date(0), "1970-01-01T00:00:00.000Z"],
    [undefined, null],
    [{ n: Number.NaN }, { n: null }],
    [circular, { error: expect.stringContaining("circular") }],
  ]) {
    const { chat, asked } = answering(calls(add), "Done.");
    const tool: ExecutableTool = { name: "calculate", description: "", parameters: {}, execute: () => value };
    expect((await runTools(chat, question, { tools: [tool] }).result()).text).toBe("Done.");
    expect(asked[1]!.at(-1)).toMatchObject({ role: "tool", content });
  }
});

test("an abort while a tool runs ends the run and is not told to the model", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const slow: ExecutableTool = {
    name: "calculate",
    description: "",
    parameters: {},
    execute(_, { signal }) {
      controller.abort(reason);
      signal?.throwIfAborted();
    },
  };
  const { chat, asked } = answering(calls(add), "never");
  await expect(runTools(chat, question, { tools: [slow], signal: controller.signal }).result()).rejects.toBe(
    reason,
  );
  expect(asked).toHaveLength(1);
});

test("an abort ends the run though a tool never ends, and whatever it does later", async () => {
  const controller = new AbortController();
  let fail: (reason: Error) => void = () => {};
  const deaf: ExecutableTool = {
    name: "calculate",
    description: "",
    parameters: {},
    execute() {
      controller.abort(new Error("enough"));
      return new Promise((_, reject) => {
        fail = reject;
      });
    },
  };
  const { chat } = answering(calls(add, add), "never");
  const run = runTools(chat, question, { tools: [deaf], signal: controller.signal });
  await expect(run.result()).rejects.toThrow("enough");
  fail(new Error("late"));
});

test("the calls of one answer run at the same time, and their results stay in order", async () => {
  const waiting = new Map<unknown, (value: string) => void>();
  const tool: ExecutableTool = {
    name: "calculate",
    description: "",
    parameters: {},
    execute: ({ expression }) =>
      new Promise((resolve) => {
        waiting.set(expression, resolve);
        // The last one answers first.
        if (waiting.size === 2) for (const [key, answer] of [...waiting].reverse()) answer(`of ${key}`);
      }),
  };
  const { chat, asked } = answering(
    calls(add, '{"name": "calculate", "arguments": {"expression": "4 * 5"}}'),
    "Done.",
  );
  await runTools(chat, question, { tools: [tool] }).result();
  expect(asked[1]!.slice(2).map(({ content }) => content)).toEqual(["of 2 + 3", "of 4 * 5"]);
});

test.each([0, -1, 1.5, Number.NaN])("maxSteps of %d is refused", (maxSteps) => {
  expect(() => runTools(answering().chat, question, { tools: demoTools(), maxSteps })).toThrow(
    expect.objectContaining({ code: "OPTION_INVALID", details: { option: "maxSteps", actual: maxSteps } }),
  );
});

test("tools that cannot be called are refused", () => {
  const [tool] = demoTools();
  for (const tools of [undefined, {}, [{ ...tool!, execute: undefined }]]) {
    expect(() => runTools(answering().chat, question, { tools: tools as never })).toThrow(
      expect.objectContaining({ code: "TOOL_INVALID" }),
    );
  }
});

test("two tools of one name are refused", () => {
  const [tool] = demoTools();
  expect(() => runTools(answering().chat, question, { tools: [tool!, tool!] })).toThrow(
    expect.objectContaining({ code: "TOOL_INVALID" }),
  );
});

test("the demo weather of a city is always the same, however the city is written", async () => {
  const [weather] = demoTools();
  const of = (city: string): unknown => weather!.execute({ city }, { signal: undefined });
  expect(of(" paris ")).toEqual({ ...(of("Paris") as object), city: "paris" });
  expect(() => of("")).toThrow("name of a city");
});
