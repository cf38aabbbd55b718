import { demoTools, toolSchema } from "krait";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTiny, type TinyServer } from "../test-support/running-server.ts";

let tiny: TinyServer;
let client: OpenAI;

beforeAll(async () => {
  tiny = await startTiny();
  client = new OpenAI({ baseURL: `${tiny.server.url}/v1`, apiKey: "none", maxRetries: 0 });
});
afterAll(() => tiny[Symbol.asyncDispose]());

const sum = [{ role: "user" as const, content: "What is 47 + 38?" }];
const tools = demoTools().map(toolSchema) as OpenAI.ChatCompletionFunctionTool[];

describe("the openai client", () => {
  test("gets an answer with reasoning under both names, and its usage", async () => {
    const completion = await client.chat.completions.create({ model: "tiny", messages: sum });
    const [choice] = completion.choices;
    const message = choice!.message as OpenAI.ChatCompletionMessage &
      Record<"reasoning" | "reasoning_content", string>;
    expect(choice!.finish_reason).toBe("stop");
    expect(message.content).toBe("47 + 38 = 85\n");
    expect(message.reasoning).toMatch(/85/);
    expect(message.reasoning_content).toBe(message.reasoning);
    const usage = completion.usage!;
    expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens);
    expect(usage.completion_tokens_details!.reasoning_tokens).toBeGreaterThan(5);
    expect(usage.prompt_tokens_details!.cached_tokens).toBeGreaterThanOrEqual(0);
  });

  test("is told how much of a second turn's prompt was computed before, and so are the metrics", async () => {
    const system = { role: "system" as const, content: "You are a helpful assistant with a long memory." };
    const question = { role: "user" as const, content: "What is 21 + 17?" };
    const create = (messages: OpenAI.ChatCompletionMessageParam[]) =>
      client.chat.completions.create({ model: "tiny", messages, reasoning_effort: "none" });
    const first = await create([system, question]);
    const { message } = first.choices[0]!;
    const second = await create([system, question, message, { role: "user", content: "Thank you, bye!" }]);
    const cached = second.usage!.prompt_tokens_details!.cached_tokens!;
    // All of the first prompt but where the answer begins, which a history shows otherwise.
    expect(cached).toBeGreaterThan(first.usage!.prompt_tokens / 2);
    expect(cached).toBeLessThan(second.usage!.prompt_tokens);
    const metrics = await (await fetch(`${tiny.server.url}/metrics`)).text();
    const hits = /^krait_cache_hits_total\{model="tiny"\} (\d+)$/m.exec(metrics)?.[1];
    expect(Number(hits)).toBeGreaterThan(0);
  });

  test("streams the same answer in pieces", async () => {
    const whole = await client.chat.completions.create({ model: "tiny", messages: sum });
    const stream = await client.chat.completions.create({
      model: "tiny",
      messages: sum,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let pieces = 0;
    let usage: OpenAI.CompletionUsage | undefined;
    for await (const chunk of stream) {
      const delta = chunk.choices[0]?.delta.content ?? "";
      if (delta !== "") pieces++;
      text += delta;
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(whole.choices[0]!.message.content);
    expect(pieces).toBeGreaterThan(3);
    expect(usage!.completion_tokens).toBe(whole.usage!.completion_tokens);
  });

  test("has tools called and goes on with what they return", async () => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: "user", content: "What is the weather in Paris and Tokyo?" },
    ];
    const first = await client.chat.completions.create({ model: "tiny", messages, tools });
    const asked = first.choices[0]!;
    expect(asked.finish_reason).toBe("tool_calls");
    expect(asked.message.content).toBeNull();
    const calls = asked.message.tool_calls as OpenAI.ChatCompletionMessageFunctionToolCall[];
    expect(calls.map(({ function: { name, arguments: json } }) => [name, JSON.parse(json)])).toEqual([
      ["get_weather", { city: "Paris" }],
      ["get_weather", { city: "Tokyo" }],
    ]);
    messages.push(asked.message);
    for (const call of calls) {
      const { city } = JSON.parse(call.function.arguments);
      const content = `{"city": "${city}", "temperature": ${city === "Paris" ? 16 : -1}, "unit": "celsius", "condition": "${city === "Paris" ? "sunny" : "snowy"}"}`;
      messages.push({ role: "tool", tool_call_id: call.id, content });
    }
    const second = await client.chat.completions.create({ model: "tiny", messages, tools });
    expect(second.choices[0]!.message.content).toMatch(/16 °C.*Paris.*-1 °C.*Tokyo/);
  });

  test("sees the arguments of a call while they are written", async () => {
    const stream = client.chat.completions.stream({
      model: "tiny",
      messages: [{ role: "user", content: "What is the weather in Paris?" }],
      tools,
    });
    const deltas: string[] = [];
    stream.on("chunk", (chunk) => {
      const json = chunk.choices[0]?.delta.tool_calls?.[0]?.function?.arguments;
      if (json) deltas.push(json);
    });
    const completion = await stream.finalChatCompletion();
    const [call] = completion.choices[0]!.message
      .tool_calls as OpenAI.ChatCompletionMessageFunctionToolCall[];
    expect(JSON.parse(call!.function.arguments)).toEqual({ city: "Paris" });
    expect(deltas.length).toBeGreaterThan(2);
    expect(deltas.join("")).toBe(call!.function.arguments);
    expect(completion.choices[0]!.finish_reason).toBe("tool_calls");
  });

  test("gets several answers, those of a seed being the same again", async () => {
    const request = {
      model: "tiny",
      messages: [{ role: "user" as const, content: "Tell me something." }],
      n: 3,
      seed: 7,
      temperature: 1.5,
      max_completion_tokens: 12,
    };
    const texts = async () => {
      const { choices } = await client.chat.completions.create(request);
      return choices.map(({ message }) => JSON.stringify(message));
    };
    const first = await texts();
    expect(await texts()).toEqual(first);
    expect(new Set(first).size).toBeGreaterThan(1);
  });

  test("gets log-probabilities of the answer's tokens, whose texts add up to it", async () => {
    const request = { model: "tiny", messages: sum, logprobs: true, top_logprobs: 3 } as const;
    const { choices } = await client.chat.completions.create(request);
    const tokens = choices[0]!.logprobs!.content!;
    expect(tokens.map(({ token }) => token).join("")).toBe(choices[0]!.message.content);
    for (const { token, logprob, top_logprobs } of tokens) {
      expect(top_logprobs).toHaveLength(3);
      expect(top_logprobs[0]).toMatchObject({ token, logprob });
    }
    const streamed: string[] = [];
    for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) {
      streamed.push(...(chunk.choices[0]?.logprobs?.content ?? []).map(({ token }) => token));
    }
    expect(streamed).toEqual(tokens.map(({ token }) => token));
  });

  test("stops at a text, at a number of tokens, and away from a banned token", async () => {
    const create = (more: object) =>
      client.chat.completions.create({ model: "tiny", messages: sum, reasoning_effort: "none", ...more });
    const whole = (await create({})).choices[0]!.message.content!;
    expect(whole).toBe("47 + 38 = 85\n");
    const stopped = await create({ stop: [" ="] });
    expect(stopped.choices[0]).toMatchObject({
      message: { content: "47 + 38" },
      finish_reason: "stop",
      stop_reason: " =",
    });
    const cut = await create({ max_completion_tokens: 3 });
    expect(cut.choices[0]!.finish_reason).toBe("length");
    expect(cut.usage!.completion_tokens).toBe(3);
    const [four] = await tiny.model.text!.encode("4");
    const banned = await create({ logit_bias: { [four!]: -100 } });
    expect(banned.choices[0]!.message.content).not.toContain("4");
  });

  test("continues a text, in pieces and as a whole", async () => {
    const request = { model: "tiny", prompt: ["Hello", "The weather"], max_tokens: 8, echo: true };
    const whole = await client.completions.create(request);
    expect(whole.choices.map(({ index, text }) => [index, text.startsWith(request.prompt[index]!)])).toEqual([
      [0, true],
      [1, true],
    ]);
    const texts = ["", ""];
    for await (const chunk of await client.completions.create({ ...request, stream: true })) {
      for (const { index, text } of chunk.choices) texts[index] += text;
    }
    expect(texts).toEqual(whole.choices.map(({ text }) => text));
    const ids = [...tiny.model.text!.encode("Hello")];
    const fromIds = await client.completions.create({ ...request, prompt: ids });
    expect(fromIds.choices[0]!.text).toBe(whole.choices[0]!.text);
  });

  test("lists the models, and finds one by its name alone", async () => {
    const names: string[] = [];
    for await (const { id } of client.models.list()) names.push(id);
    expect(names).toEqual(["tiny"]);
    expect(await client.models.retrieve("tiny")).toMatchObject({ id: "tiny", object: "model" });
    await expect(client.models.retrieve("huge")).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
    });
  });

  test("gets its own kinds of errors", async () => {
    const create = (more: object) =>
      client.chat.completions.create({ model: "tiny", messages: sum, ...more } as never) as Promise<unknown>;
    await expect(create({ model: "huge" })).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(create({ temperature: "hot" })).rejects.toMatchObject({
      constructor: OpenAI.BadRequestError,
      param: "temperature",
    });
    await expect(
      create({ messages: [{ role: "user", content: "word ".repeat(60_000) }] }),
    ).rejects.toMatchObject({
      status: 400,
      code: "context_length_exceeded",
    });
    await expect(client.embeddings.create({ model: "tiny", input: "a" })).rejects.toMatchObject({
      status: 400,
      code: "unsupported",
    });
  });

  test("gets JSON of its schema, one of its choices, and what its pattern matches", async () => {
    const ask = async (more: object) => {
      const request = {
        model: "tiny",
        messages: [{ role: "user", content: "Hello!" }],
        max_tokens: 200,
        ...more,
      };
      const completion = await client.chat.completions.create(request as never);
      return (completion as OpenAI.ChatCompletion).choices[0]!.message.content!;
    };
    const schema = { type: "object", properties: { n: { type: "integer", minimum: 3 } }, required: ["n"] };
    const format = { type: "json_schema", json_schema: { name: "count", schema, strict: true } };
    expect(JSON.parse(await ask({ response_format: format })).n).toBeGreaterThanOrEqual(3);
    expect(await ask({ response_format: { type: "json_object" } })).toMatch(/^\s*\{/);
    expect(["ja", "nein"]).toContain(await ask({ structured_outputs: { choice: ["ja", "nein"] } }));
    expect(await ask({ guided_regex: "[xyz]{4}" })).toMatch(/^[xyz]{4}$/);
  });

  test("has a tool called that must be, once where it wants one call", async () => {
    const create = async (more: object) => {
      const request = { model: "tiny", messages: sum, tools, max_tokens: 300, ...more } as never;
      const { message, finish_reason } = (
        (await client.chat.completions.create(request)) as OpenAI.ChatCompletion
      ).choices[0]!;
      return {
        calls: (message.tool_calls ?? []) as OpenAI.ChatCompletionMessageFunctionToolCall[],
        finish_reason,
      };
    };
    const named = await create({ tool_choice: { type: "function", function: { name: "get_weather" } } });
    expect(named.finish_reason).toBe("tool_calls");
    expect(named.calls[0]!.function.name).toBe("get_weather");
    expect(JSON.parse(named.calls[0]!.function.arguments)).toEqual({ city: expect.any(String) });
    expect((await create({ tool_choice: "required", parallel_tool_calls: false })).calls).toHaveLength(1);
    expect((await create({ tool_choice: "none" })).calls).toEqual([]);
  });

  test("hears which keyword of its schema cannot be enforced", async () => {
    const schema = { type: "object", properties: { a: { type: "integer", multipleOf: 2 } } };
    const format = { type: "json_schema", json_schema: { name: "a", schema } };
    const request = { model: "tiny", messages: sum, response_format: format } as never;
    await expect(client.chat.completions.create(request)).rejects.toMatchObject({
      status: 400,
      code: "invalid_schema",
      message: expect.stringMatching(/"multipleOf" at #\/properties\/a/),
    });
    const noJson = { model: "tiny", messages: sum, guided_json: "{" } as never;
    await expect(client.chat.completions.create(noJson)).rejects.toMatchObject({
      status: 400,
      code: "invalid_schema",
    });
  });
});
