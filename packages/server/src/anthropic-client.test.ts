import Anthropic from "@anthropic-ai/sdk";
import { demoTools } from "krait";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readEvents, startTiny, type TinyServer } from "../test-support/running-server.ts";

let tiny: TinyServer;
let client: Anthropic;

beforeAll(async () => {
  tiny = await startTiny();
  client = new Anthropic({ baseURL: tiny.server.url, apiKey: "none", maxRetries: 0 });
});
afterAll(() => tiny[Symbol.asyncDispose]());

const sum: Anthropic.MessageParam[] = [{ role: "user", content: "What is 47 + 38?" }];
const tools: Anthropic.Tool[] = demoTools().map(({ name, description, parameters }) => ({
  name,
  description,
  input_schema: parameters as Anthropic.Tool.InputSchema,
}));

describe("the anthropic client", () => {
  test("gets text without thinking, unless it asks for thinking", async () => {
    const plain = await client.messages.create({ model: "tiny", max_tokens: 100, messages: sum });
    expect(plain).toMatchObject({
      type: "message",
      role: "assistant",
      content: [{ type: "text", text: "47 + 38 = 85\n" }],
      stop_reason: "end_turn",
    });
    const thought = await client.messages.create({
      model: "tiny",
      max_tokens: 1200,
      messages: sum,
      thinking: { type: "enabled", budget_tokens: 1024 },
    });
    expect(thought.content.map(({ type }) => type)).toEqual(["thinking", "text"]);
  });

  test("has its thinking budget enforced", async () => {
    const think = async (budget_tokens: number) => {
      const message = await client.messages.create({
        model: "tiny",
        max_tokens: 200,
        messages: sum,
        thinking: { type: "enabled", budget_tokens },
      });
      return message.usage.output_tokens_details!.thinking_tokens;
    };
    const free = await think(1024);
    expect(free).toBeGreaterThan(30);
    // The closing marker takes tokens of its own, which belong to the reasoning.
    const marker = tiny.model.text!.encode("\n</think>\n\n").length;
    const held = await think(10);
    expect(held).toBeGreaterThanOrEqual(10);
    expect(held).toBeLessThanOrEqual(10 + 1 + marker);
  });

  test("streams a message that adds up to the whole one", async () => {
    const request = {
      model: "tiny",
      max_tokens: 1200,
      messages: sum,
      thinking: { type: "enabled" as const, budget_tokens: 1024 },
    };
    const whole = await client.messages.create(request);
    const stream = client.messages.stream(request);
    let pieces = 0;
    stream.on("text", () => pieces++);
    const streamed = await stream.finalMessage();
    expect(streamed.content).toEqual(whole.content);
    expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens);
    expect(pieces).toBeGreaterThan(3);
  });

  test("has tools called and goes on with what they return", async () => {
    const messages: Anthropic.MessageParam[] = [{ role: "user", content: "What is the weather in Paris?" }];
    const stream = client.messages.stream({ model: "tiny", max_tokens: 200, messages, tools });
    let json = "";
    stream.on("inputJson", (part) => {
      json += part;
    });
    const first = await stream.finalMessage();
    expect(first.stop_reason).toBe("tool_use");
    const call = first.content.find((block) => block.type === "tool_use")!;
    expect(call).toMatchObject({ name: "get_weather", input: { city: "Paris" } });
    expect(JSON.parse(json)).toEqual(call.input);
    messages.push({ role: "assistant", content: first.content });
    const content = '{"city": "Paris", "temperature": 16, "unit": "celsius", "condition": "sunny"}';
    messages.push({ role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content }] });
    const second = await client.messages.create({ model: "tiny", max_tokens: 200, messages, tools });
    expect(second.content[0]).toMatchObject({ type: "text", text: expect.stringMatching(/16 °C.*Paris/) });
  });

  test("stops at a sequence and at a number of tokens", async () => {
    const create = (more: Partial<Anthropic.MessageCreateParamsNonStreaming>) =>
      client.messages.create({ model: "tiny", max_tokens: 100, messages: sum, ...more });
    expect(await create({ stop_sequences: [" ="] })).toMatchObject({
      content: [{ text: "47 + 38" }],
      stop_reason: "stop_sequence",
      stop_sequence: " =",
    });
    expect(await create({ max_tokens: 2 })).toMatchObject({ stop_reason: "max_tokens" });
  });

  test("can have a call made, and one at most", async () => {
    const { content, stop_reason } = await client.messages.create({
      model: "tiny",
      max_tokens: 200,
      messages: [{ role: "user", content: "What is the weather in Paris and Tokyo?" }],
      tools,
      tool_choice: { type: "any", disable_parallel_tool_use: true },
    });
    expect(stop_reason).toBe("tool_use");
    expect(content.filter(({ type }) => type === "tool_use")).toHaveLength(1);
  });

  test("has its answer held to a schema", async () => {
    const schema = {
      type: "object",
      properties: { sum: { type: "integer" } },
      required: ["sum"],
      additionalProperties: false,
    };
    const { content, stop_reason } = await client.messages.create({
      model: "tiny",
      max_tokens: 60,
      messages: sum,
      output_config: { format: { type: "json_schema", schema } },
    });
    expect(stop_reason).toBe("end_turn");
    const [block] = content as Anthropic.TextBlock[];
    expect(JSON.parse(block!.text)).toEqual({ sum: expect.any(Number) });
    const formerly = { output_format: { type: "json_schema", schema } };
    const request = { model: "tiny", max_tokens: 60, messages: sum, ...formerly };
    const before = (await (await tiny.post("/v1/messages", request)).json()) as Anthropic.Message;
    const [first] = before.content as Anthropic.TextBlock[];
    expect(JSON.parse(first!.text)).toEqual({ sum: expect.any(Number) });
  });

  test("counts the tokens that the prompt will have", async () => {
    const request = { model: "tiny", system: "You are helpful.", messages: sum, tools };
    const { input_tokens } = await client.messages.countTokens(request);
    const { usage } = await client.messages.create({ ...request, max_tokens: 1 });
    expect(input_tokens).toBe(usage.input_tokens + (usage.cache_read_input_tokens ?? 0));
  });

  test("gets its own kinds of errors", async () => {
    const create = (more: object) =>
      client.messages.create({ model: "tiny", max_tokens: 10, messages: sum, ...more } as never);
    await expect(create({ model: "huge" })).rejects.toBeInstanceOf(Anthropic.NotFoundError);
    await expect(create({ max_tokens: undefined })).rejects.toMatchObject({
      status: 400,
      error: {
        type: "error",
        error: { type: "invalid_request_error", message: expect.stringMatching(/^max_tokens: /) },
      },
    });
    const image = { type: "image", source: { type: "url", url: "https://example.org/a.png" } };
    await expect(create({ messages: [{ role: "user", content: [image] }] })).rejects.toMatchObject({
      error: { error: { message: expect.stringContaining("messages[0].content[0]") } },
    });
    const choice = { type: "tool", name: "none_of_them" };
    await expect(create({ tools, tool_choice: choice })).rejects.toThrow(/tool_choice.*none_of_them/);
  });

  test("can tell every event of the stream by its name, from the prompt's tokens to the stop", async () => {
    const response = await tiny.post("/v1/messages", {
      ...{ model: "tiny", max_tokens: 50, messages: sum, stream: true },
    });
    const events = await readEvents(response);
    expect(events.map(({ event }) => event)).toEqual(events.map(({ data }) => data.type));
    expect(events.at(0)!.data.message.usage.input_tokens).toBeGreaterThan(0);
    expect(events.at(-1)!.event).toBe("message_stop");
  });
});
