import Anthropic from "@anthropic-ai/sdk";
import { demoTools, toolSchema } from "krait";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTiny, type TinyServer } from "../test-support/running-server.ts";

// What official clients send that is unusual, and must be either done or refused by name: never passed over.

let tiny: TinyServer;
let openai: OpenAI;
let anthropic: Anthropic;

beforeAll(async () => {
  tiny = await startTiny();
  openai = new OpenAI({ baseURL: `${tiny.server.url}/v1`, apiKey: "none", maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: tiny.server.url, apiKey: "none", maxRetries: 0 });
});
afterAll(() => tiny[Symbol.asyncDispose]());

const model = "tiny";
const sum = { role: "user" as const, content: "What is 47 + 38?" };
const begun = { role: "assistant" as const, content: "47 + 38 =" };
const tools = demoTools().map(toolSchema) as OpenAI.ChatCompletionFunctionTool[];

async function chat(body: object): Promise<OpenAI.ChatCompletion.Choice> {
  const request = { model, messages: [sum], ...body } as OpenAI.ChatCompletionCreateParamsNonStreaming;
  return (await openai.chat.completions.create(request)).choices[0]!;
}

async function complete(body: object): Promise<OpenAI.Completion> {
  return await openai.completions.create({
    ...{ model, prompt: "Hello", max_tokens: 6 },
    ...body,
  } as OpenAI.CompletionCreateParamsNonStreaming);
}

describe("an answer that the request begins", () => {
  test("goes on as text in all three APIs", async () => {
    expect((await chat({ messages: [sum, begun] })).message).toEqual({
      ...{ role: "assistant", content: " 85\n", refusal: null },
    });
    const message = await anthropic.messages.create({ model, max_tokens: 50, messages: [sum, begun] });
    expect(message.content).toEqual([{ type: "text", text: " 85\n" }]);
    const response = await openai.responses.create({ model, input: [sum, begun] });
    expect(response.output.map(({ type }) => type)).toEqual(["message"]);
    expect(response.output_text).toBe(" 85\n");
  });

  test("has no reasoning before it, and to ask for some is refused", async () => {
    await expect(chat({ messages: [sum, begun], reasoning_effort: "low" })).rejects.toMatchObject({
      ...{ status: 400, param: "messages" },
    });
    const thinking = { type: "enabled", budget_tokens: 1024 } as const;
    await expect(
      anthropic.messages.create({ model, max_tokens: 50, messages: [sum, begun], thinking }),
    ).rejects.toThrow(/messages: .*reasoning/);
  });

  test("may begin with reasoning of its own", async () => {
    const content = "<think>\nWe need 47 + 38.\n</think>\n\n47 + 38 =";
    const { message } = await chat({ messages: [sum, { role: "assistant", content }] });
    expect(message.content).toMatch(/^ \d+/);
  });
});

test("results of tools are read in the order of their calls, whatever order they come in", async () => {
  const call = (id: string, city: string) => ({
    ...{ id, type: "function" as const },
    function: { name: "get_weather", arguments: JSON.stringify({ city }) },
  });
  const result = (id: string, content: string) => ({ role: "tool" as const, tool_call_id: id, content });
  const asked = {
    role: "assistant" as const,
    content: null,
    tool_calls: [call("a", "Paris"), call("b", "Tokyo")],
  };
  const results = [result("a", "16 in Paris"), result("b", "-1 in Tokyo")];
  const prompt = async (...messages: object[]) => {
    const response = await tiny.post("/apply-template", { messages: [sum, asked, ...messages], tools });
    return ((await response.json()) as { prompt: string }).prompt;
  };
  const inOrder = await prompt(...results);
  expect(await prompt(...results.toReversed())).toBe(inOrder);
  expect(await prompt(...results.toReversed(), sum)).toContain(inOrder.slice(0, -40));
  // Ids that are no call's say nothing about the order.
  const unknown = await prompt(result("y", "first"), result("x", "second"));
  expect(unknown.indexOf("first")).toBeLessThan(unknown.indexOf("second"));
});

describe("a call that must be made, of tools that are not there,", () => {
  test("is refused in all three APIs", async () => {
    const refused = { status: 400, param: "tool_choice" };
    await expect(chat({ tool_choice: "required" })).rejects.toMatchObject(refused);
    await expect(
      openai.responses.create({ model, input: "Hello!", tool_choice: "required" }),
    ).rejects.toMatchObject(refused);
    await expect(
      anthropic.messages.create({ model, max_tokens: 5, messages: [sum], tool_choice: { type: "any" } }),
    ).rejects.toThrow(/tool_choice: .*no tools/);
  });
});

describe("what a response cannot have", () => {
  test.each([
    [{ conversation: "conv_1" }, "conversation"],
    [{ prompt: { id: "pmpt_1" } }, "prompt"],
    [{ background: true }, "background"],
  ])("%j is refused by its name", async (fields, param) => {
    const request = { model, input: "Hello!", ...fields };
    await expect(openai.responses.create(request)).rejects.toMatchObject({
      ...{ status: 400, code: "unsupported", param },
    });
  });

  test("is to be streamed again", async () => {
    const { id } = await openai.responses.create({ model, input: "Hello!", max_output_tokens: 3 });
    await expect(openai.responses.retrieve(id, { stream: true })).rejects.toMatchObject({
      ...{ status: 400, param: "stream" },
    });
  });
});

test("what a chat cannot have is refused by its name", async () => {
  const functions = [{ name: "look" }];
  for (const asked of [{ functions }, { modalities: ["text", "audio"] }, { web_search_options: {} }]) {
    const [param] = Object.keys(asked);
    await expect(chat(asked)).rejects.toMatchObject({ status: 400, code: "unsupported", param });
  }
  await expect(chat({ functions: [], modalities: ["text"], max_tokens: 1 })).resolves.toBeDefined();
});

describe("what a message cannot have", () => {
  test("is a conversation that is kept elsewhere, and the client's own loop goes on without", async () => {
    const thread = { type: "continue", previous_message_id: "msg_1" } as const;
    const request = { model, max_tokens: 5, messages: [sum] };
    await expect(anthropic.beta.messages.create({ ...request, thread })).rejects.toMatchObject({
      ...{ status: 400, errorCode: "thread_unsupported_request" },
    });
    const answered = await anthropic.beta.messages.toolRunner({
      ...{ model, max_tokens: 200, temperature: 0 },
      messages: [{ role: "user", content: "What is the weather in Paris?" }],
      tools: [
        {
          ...{ type: "custom", name: "get_weather", parse: (input: unknown) => input },
          input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
          run: () => '{"city": "Paris", "temperature": 16, "unit": "celsius", "condition": "sunny"}',
        },
      ],
    });
    expect(answered.content[0]).toMatchObject({ text: expect.stringMatching(/16 °C.*Paris/) });
  });

  test("are tools of other servers, and schemas of strict tools that cannot be enforced", async () => {
    const ask = (more: object) =>
      anthropic.messages.create({ model, max_tokens: 5, messages: [sum], ...more } as never);
    const mcp_servers = [{ type: "url", name: "files", url: "https://example.org" }];
    await expect(ask({ mcp_servers })).rejects.toThrow(/mcp_servers: /);
    const tool = { name: "odd", input_schema: { type: "object", patternProperties: {} } };
    await expect(ask({ tools: [tool] })).resolves.toBeDefined();
    await expect(ask({ tools: [{ ...tool, strict: true }] })).rejects.toThrow(/patternProperties.*odd#/);
  });
});

test("that a tool is strict is no part of the prompt that is counted and shown", async () => {
  const prompt = async (strict: boolean) => {
    const strictly = tools.map(({ type, function: f }) => ({ type, function: { ...f, strict } }));
    const response = await tiny.post("/apply-template", { messages: [sum], tools: strictly });
    return ((await response.json()) as { prompt: string }).prompt;
  };
  expect(await prompt(true)).toBe(await prompt(false));
});

describe("a continued text", () => {
  test("is held to a format, as an answer is", async () => {
    const [choice] = (await complete({ guided_choice: ["ja", "nein"] })).choices;
    expect(["ja", "nein"]).toContain(choice!.text);
    const json = await complete({ max_tokens: 60, response_format: { type: "json_object" } });
    expect(json.choices[0]!.text).toMatch(/^\s*\{/);
    await expect(complete({ guided_regex: "(" })).rejects.toMatchObject({ code: "invalid_regex" });
  });

  test("is echoed with the log-probabilities of its prompt, which are those of its tokens when they are generated", async () => {
    const whole = await complete({ max_tokens: 6, logprobs: 2 });
    const { tokens, token_logprobs } = whole.choices[0]!.logprobs!;
    const ids = [...tiny.model.text!.encode("Hello"), ...tiny.model.text!.encode(whole.choices[0]!.text)];
    const echoed = await complete({ prompt: ids, max_tokens: 1, logprobs: 2, echo: true });
    const { logprobs, text } = echoed.choices[0]!;
    expect(logprobs!.tokens!.slice(0, -1)).toEqual(["Hello", ...tokens!]);
    expect(logprobs!.tokens!.join("")).toBe(text);
    expect(logprobs!.token_logprobs![0]).toBeNull();
    for (const [i, logprob] of token_logprobs!.entries()) {
      expect(logprobs!.token_logprobs![i + 1]).toBeCloseTo(logprob, 4);
    }
    expect(logprobs!.top_logprobs!.slice(1).map((top) => Object.keys(top).length)).toEqual(
      logprobs!.tokens!.slice(1).map(() => 2),
    );
    expect(logprobs!.text_offset).toEqual(
      logprobs!.tokens!.map((_, i) => logprobs!.tokens!.slice(0, i).join("").length),
    );
  });

  test("is scored without a word of an answer where max_tokens is 0, as harnesses for evaluation ask", async () => {
    const scored = await complete({ prompt: "Hello there", max_tokens: 1, logprobs: 2, echo: true });
    const [wanted] = scored.choices;
    for (const n of [1, 2]) {
      const request = { prompt: ["Hello there", "The weather"], max_tokens: 0, logprobs: 2, echo: true, n };
      const { choices, usage } = await complete(request);
      expect(choices.map(({ text }) => text)).toEqual(request.prompt.flatMap((text) => Array(n).fill(text)));
      const { tokens, token_logprobs } = choices[0]!.logprobs!;
      expect(choices[0]!.finish_reason).toBe("length");
      expect(tokens).toEqual(wanted!.logprobs!.tokens!.slice(0, -1));
      expect(token_logprobs).toEqual(wanted!.logprobs!.token_logprobs!.slice(0, -1));
      expect(usage!.completion_tokens).toBe(0);
    }
    const bare = await complete({ max_tokens: 0 });
    expect(bare.choices[0]).toMatchObject({ text: "", logprobs: null, finish_reason: "length" });
    const streamed: string[] = [];
    const asked = { model, prompt: "Hello there", max_tokens: 0, echo: true, stream: true } as const;
    for await (const chunk of await openai.completions.create(asked)) {
      streamed.push(...chunk.choices.map(({ text }) => text));
    }
    expect(streamed.join("")).toBe("Hello there");
    await expect(complete({ max_tokens: -1 })).rejects.toMatchObject({ status: 400, param: "max_tokens" });
    await expect(chat({ max_tokens: 0 })).rejects.toMatchObject({ status: 400, param: "max_tokens" });
  });

  test("streams the same echo, for each of several answers to several prompts", async () => {
    const request = {
      prompt: ["Hello there", "The weather"],
      n: 2,
      seed: 3,
      temperature: 1,
      logprobs: 1,
      echo: true,
    };
    const whole = await complete(request);
    const streamed = whole.choices.map(() => ({ text: "", tokens: [] as string[] }));
    for await (const chunk of await openai.completions.create({
      model,
      max_tokens: 6,
      ...request,
      stream: true,
    })) {
      for (const { index, text, logprobs } of chunk.choices) {
        streamed[index]!.text += text;
        streamed[index]!.tokens.push(...(logprobs?.tokens ?? []));
      }
    }
    expect(streamed).toEqual(
      whole.choices.map(({ text, logprobs }) => ({ text, tokens: logprobs!.tokens! })),
    );
    for (const { text, tokens } of streamed) expect(tokens.join("")).toBe(text);
  });
});

test("a model is listed with the fields of both APIs", async () => {
  const models = await anthropic.models.list();
  expect(models).toMatchObject({ first_id: model, last_id: model, has_more: false });
  expect(models.data[0]).toMatchObject({ type: "model", id: model, display_name: model });
  expect(Date.parse(models.data[0]!.created_at)).toBeGreaterThan(0);
});

test("Anthropic's effort limits thinking, and does not begin any", async () => {
  const base = { model, max_tokens: 600, messages: [sum] };
  const output_config = { effort: "low" as const };
  const plain = await anthropic.messages.create({ ...base, output_config });
  expect(plain.content.map(({ type }) => type)).toEqual(["text"]);
  const thought = await anthropic.messages.create({ ...base, output_config, thinking: { type: "adaptive" } });
  expect(thought.content.map(({ type }) => type)).toEqual(["thinking", "text"]);
});

describe("what is wrong with a field is told of that field", () => {
  test.each<[object, string, RegExp]>([
    [{ stop: new Array(17).fill("a") }, "stop", /16/],
    [{ logit_bias: { "-1": 1 } }, "logit_bias.-1", /token ids/],
    [{ logit_bias: { 99999999: 1 } }, "logit_bias", /^400 logit_bias: expected .*1536.*99999999/],
    [{ logit_bias: { ...new Array(65).fill(1) } }, "logit_bias", /at most 64, received 65/],
    [{ stop: 5 }, "stop", /string or array/],
    [{ messages: undefined }, "messages", /array, received nothing/],
    [{ guided_grammar: 'root ::= "a"' }, "guided_grammar", /no grammar/],
    [{ structured_outputs: { grammar: 'root ::= "a"' } }, "structured_outputs.grammar", /no grammar/],
  ])("%j", async (fields, param, message) => {
    await expect(chat(fields)).rejects.toMatchObject({
      status: 400,
      param,
      message: expect.stringMatching(message),
    });
  });
});
