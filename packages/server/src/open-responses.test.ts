import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readEvents, type SentEvent, startTiny, type TinyServer } from "../test-support/running-server.ts";

// The cases of the Open Responses compliance list (openresponses.org), in our own words.

let tiny: TinyServer;
let client: OpenAI;

beforeAll(async () => {
  tiny = await startTiny();
  client = new OpenAI({ baseURL: `${tiny.server.url}/v1`, apiKey: "none", maxRetries: 0 });
});
afterAll(() => tiny[Symbol.asyncDispose]());

type Json = Record<string, unknown>;

const user = (content: unknown) => ({ type: "message", role: "user", content });
const weatherTool = {
  type: "function",
  name: "get_weather",
  description: "Get the current weather for a location",
  parameters: {
    type: "object",
    properties: { location: { type: "string", description: "The city and state, e.g. San Francisco, CA" } },
    required: ["location"],
  },
};

async function respond(body: object): Promise<Json> {
  const response = await tiny.post("/v1/responses", { model: "tiny", ...body });
  expect(response.status).toBe(200);
  return response.json() as Promise<Json>;
}

async function stream(body: object): Promise<SentEvent[]> {
  const response = await tiny.post("/v1/responses", { model: "tiny", stream: true, ...body });
  expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
  return readEvents(response);
}

/** The fields that the specification requires, with what they may be. */
const isString = expect.any(String);
const isNumber = expect.any(Number);
const resource = {
  id: expect.stringMatching(/^resp_/),
  object: "response",
  created_at: isNumber,
  completed_at: isNumber,
  status: "completed",
  incomplete_details: null,
  model: "tiny",
  previous_response_id: null,
  instructions: null,
  error: null,
  tools: [],
  tool_choice: "auto",
  truncation: "disabled",
  parallel_tool_calls: true,
  text: { format: { type: "text" } },
  top_p: isNumber,
  presence_penalty: 0,
  frequency_penalty: 0,
  top_logprobs: 0,
  temperature: isNumber,
  reasoning: { effort: null, summary: null },
  user: null,
  usage: {
    input_tokens: isNumber,
    input_tokens_details: { cached_tokens: isNumber },
    output_tokens: isNumber,
    output_tokens_details: { reasoning_tokens: isNumber },
    total_tokens: isNumber,
  },
  max_output_tokens: null,
  max_tool_calls: null,
  store: true,
  background: false,
  service_tier: "default",
  metadata: {},
  safety_identifier: null,
  prompt_cache_key: null,
};

describe("Open Responses", () => {
  test("basic-response: a user's message is answered by a complete resource", async () => {
    const response = await respond({ input: [user("Say hello in exactly 3 words.")] });
    expect(response).toEqual({ ...resource, output: expect.any(Array) });
    const [reasoning, message] = response.output as Json[];
    expect(reasoning).toEqual({
      type: "reasoning",
      id: isString,
      summary: [{ type: "summary_text", text: isString }],
    });
    expect(message).toEqual({
      type: "message",
      id: isString,
      status: "completed",
      role: "assistant",
      content: [{ type: "output_text", text: expect.stringMatching(/\S/), annotations: [], logprobs: [] }],
    });
  });

  test("streaming-response: events come in order and add up to the final response", async () => {
    const body = { input: [user("What is 47 + 38?")] };
    const events = await stream(body);
    expect(events.map(({ data }) => data.sequence_number)).toEqual(events.map((_, index) => index));
    expect(events.map(({ event }) => event)).toEqual(events.map(({ data }) => data.type));
    const kinds = events.map(({ event }) => event);
    const distinct = kinds.filter((kind, index) => kind !== kinds[index - 1]);
    expect(distinct).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.reasoning_summary_part.added",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.done",
      "response.reasoning_summary_part.done",
      "response.output_item.done",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    const final = events.at(-1)!.data.response;
    const sum = (kind: string) =>
      events.flatMap(({ data }) => (data.type === kind ? [data.delta] : [])).join("");
    expect(final.output[0].summary[0].text).toBe(sum("response.reasoning_summary_text.delta"));
    expect(final.output[1].content[0].text).toBe(sum("response.output_text.delta"));
    expect(final).toEqual({ ...resource, output: expect.any(Array) });
    const done = events.filter(({ event }) => event === "response.output_item.done");
    expect(done.map(({ data }) => data.item)).toEqual(final.output);
    const whole = await respond(body);
    expect((whole.output as Json[]).map(withoutId)).toEqual(final.output.map(withoutId));
  });

  test("system-prompt: a system message stands among the items", async () => {
    const system = { type: "message", role: "system", content: "You are a pirate. /no_think" };
    const response = await respond({ input: [system, user("Say hello.")] });
    // The switch word in it is read, so it has reached the prompt.
    expect((response.output as Json[]).map(({ type }) => type)).toEqual(["message"]);
  });

  test("tool-calling: a function tool is called", async () => {
    const response = await respond({
      input: [user("What's the weather like in San Francisco?")],
      tools: [weatherTool],
    });
    const call = (response.output as Json[]).find(({ type }) => type === "function_call")!;
    expect(call).toEqual({
      type: "function_call",
      id: isString,
      call_id: expect.stringMatching(/^call_/),
      name: "get_weather",
      arguments: isString,
      status: "completed",
    });
    expect(JSON.parse(call.arguments as string)).toEqual({ location: "San Francisco" });
    expect(response.tools).toEqual([{ ...weatherTool, strict: false }]);
  });

  test("tool-calling-streaming: its arguments arrive as they are written", async () => {
    const events = await stream({
      input: [user("What's the weather like in San Francisco?")],
      tools: [weatherTool],
    });
    const ofKind = (kind: string) => events.filter(({ event }) => event === kind).map(({ data }) => data);
    const added = ofKind("response.output_item.added").find(({ item }) => item.type === "function_call");
    expect(added.item).toMatchObject({ arguments: "", status: "in_progress" });
    const deltas = ofKind("response.function_call_arguments.delta");
    expect(deltas.length).toBeGreaterThan(2);
    const [done] = ofKind("response.function_call_arguments.done");
    expect(done.arguments).toBe(deltas.map(({ delta }) => delta).join(""));
    const finished = ofKind("response.output_item.done").find(({ item }) => item.type === "function_call");
    expect(finished.item).toEqual({ ...added.item, arguments: done.arguments, status: "completed" });
  });

  test("image-input: an image is refused by its path, as the models here read text alone", async () => {
    const image = { type: "input_image", image_url: "data:image/png;base64,AAAA" };
    const response = await tiny.post("/v1/responses", {
      input: [user([{ type: "input_text", text: "What is this?" }, image])],
    });
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: Json };
    expect(error).toMatchObject({ code: "unsupported", param: "input[0].content[1]" });
  });

  test("multi-turn: the history is read", async () => {
    const response = await respond({
      input: [
        user("My name is Alice. /no_think"),
        { type: "message", role: "assistant", content: "Hello Alice! Nice to meet you. How can I help you?" },
        user("What is my name?"),
      ],
    });
    const message = (response.output as Json[]).find(({ type }) => type === "message") as {
      content: { text: string }[];
    };
    expect(message.content[0]!.text).toContain("Alice");
  });
});

describe("the openai client's responses", () => {
  test("go on from the response before, whose answer and calls are remembered", async () => {
    const tools = [weatherTool] as unknown as OpenAI.Responses.Tool[];
    const first = await client.responses.create({
      model: "tiny",
      input: "What's the weather like in San Francisco?",
      tools,
    });
    const call = first.output.find((item) => item.type === "function_call")!;
    const output =
      '{"location": "San Francisco", "temperature": 16, "unit": "celsius", "condition": "foggy"}';
    const second = await client.responses.create({
      model: "tiny",
      previous_response_id: first.id,
      input: [{ type: "function_call_output", call_id: call.call_id, output }],
      tools,
    });
    expect(second.previous_response_id).toBe(first.id);
    expect(second.output_text).toMatch(/16/);
    expect(await client.responses.retrieve(first.id)).toMatchObject({ id: first.id, output: first.output });
    await client.responses.delete(first.id);
    await expect(client.responses.retrieve(first.id)).rejects.toMatchObject({ status: 404 });
    await expect(
      client.responses.create({ model: "tiny", input: "Hello!", previous_response_id: first.id }),
    ).rejects.toMatchObject({ status: 400, param: "previous_response_id" });
  });

  test("are gone on from by references to their items, as the AI SDK sends them", async () => {
    const tools = [weatherTool] as unknown as OpenAI.Responses.Tool[];
    const question = { role: "user", content: "What's the weather like in San Francisco?" };
    const ask = (items: readonly object[]) => {
      const input = items as OpenAI.Responses.ResponseInput;
      return client.responses.create({ model: "tiny", input, tools, temperature: 0 });
    };
    const refer = ({ output }: OpenAI.Responses.Response) =>
      output.map(({ id }) => ({ type: "item_reference", id }));

    const first = await ask([question]);
    const call = first.output.find((item) => item.type === "function_call")!;
    const result = {
      type: "function_call_output",
      call_id: call.call_id,
      output: '{"location": "San Francisco", "temperature": 16, "unit": "celsius", "condition": "foggy"}',
    };
    const second = await ask([question, ...refer(first), result]);
    expect(second.output_text).toMatch(/16/);
    expect(second.output_text).toBe((await ask([question, ...first.output, result])).output_text);

    const thanks = { role: "user", content: "Thank you!" };
    const byReference = await ask([question, ...refer(first), result, ...refer(second), thanks]);
    const inFull = await ask([question, ...first.output, result, ...second.output, thanks]);
    expect(byReference.usage!.input_tokens).toBe(inFull.usage!.input_tokens);
    expect(byReference.output_text).toBe(inFull.output_text);

    await client.responses.delete(first.id);
    for (const id of [first.output[0]!.id!, `${second.output[0]!.id}9`, "msg_0", first.id]) {
      await expect(ask([question, { type: "item_reference", id }])).rejects.toMatchObject({
        ...{ status: 404, param: "input", code: "item_not_found" },
        message: expect.stringContaining(`Item with id '${id}' not found.`),
      });
    }
  });

  test("are not kept when they should not be", async () => {
    const { id } = await client.responses.create({ model: "tiny", input: "Hello!", store: false });
    await expect(client.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
  });

  test("stream, and say when they were cut short", async () => {
    const stream = client.responses.stream({
      model: "tiny",
      input: "What is 47 + 38?",
      max_output_tokens: 40,
    });
    const response = await stream.finalResponse();
    expect(response).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      usage: { output_tokens: 40 },
    });
  });
});

function withoutId({ id, ...item }: Json): Json {
  return item;
}
