import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { echoModel } from "../../test-support/echo-model.ts";
import { readEvents, startTiny, type TinyServer } from "../../test-support/running-server.ts";
import { serve } from "./serve.ts";

const messages = [{ role: "user", content: "What is 47 + 38?" }];
const bans = Object.fromEntries([2, 11, 12].map((token) => [token, -100]));

const stream = (tiny: TinyServer, max_tokens: number) =>
  tiny.post("/v1/chat/completions", { messages, stream: true, max_tokens, logit_bias: bans });

test("told to end, a server finishes what is under way and takes nothing new", async () => {
  const tiny = await startTiny();
  const { url } = tiny.server;
  const response = await stream(tiny, 150);
  const ended = tiny.server.close({ graceSeconds: 300 });
  await expect(fetch(`${url}/health`)).rejects.toThrow();
  const late = await tiny.server.handler(new Request(`${url}/ready`));
  expect(late.status).toBe(503);
  const refused = await tiny.server.handler(
    new Request(`${url}/v1/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ prompt: "Hello" }),
    }),
  );
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ error: { code: "shutting_down" } });
  const events = await readEvents(response);
  expect(events.at(-2)!.data.choices[0].finish_reason).toBe("length");
  expect(events.at(-1)!.data).toBe("[DONE]");
  await ended;
  await tiny[Symbol.asyncDispose]();
});

test("what is not done in time is ended, and its client is told", async () => {
  const tiny = await startTiny();
  const response = await stream(tiny, 100_000);
  const ended = tiny.server.close({ graceSeconds: 0.2 });
  const events = await readEvents(response);
  expect(events.at(-1)!.data).toMatchObject({ error: { code: "shutting_down" } });
  await ended;
  await tiny[Symbol.asyncDispose]();
});

test("told to end, a server does not wait for connections on which nothing has come", async () => {
  const server = await serve([echoModel(0)], { port: 0 });
  const silent = connect(server.port, server.host);
  await once(silent, "connect");
  await server.close({ graceSeconds: 3600 });
  await once(silent.resume(), "close");
});

test("the OpenAPI document tells the fields that requests may have", async () => {
  await using tiny = await startTiny();
  const document = (await (await fetch(`${tiny.server.url}/openapi.json`)).json()) as {
    openapi: string;
    paths: Record<string, Record<string, { requestBody: { content: Record<string, { schema: object }> } }>>;
  };
  expect(document.openapi).toBe("3.1.0");
  const { schema } = document.paths["/v1/chat/completions"]!.post!.requestBody.content["application/json"]!;
  expect(schema).toMatchObject({
    required: ["messages"],
    properties: { temperature: {}, thinking_token_budget: {}, reasoning: {}, tools: {} },
  });
});

test("the metrics tell tokens, times and what the engine did", async () => {
  await using tiny = await startTiny();
  const response = await tiny.post("/v1/chat/completions", { messages });
  const { usage } = (await response.json()) as { usage: Record<string, number> };
  const text = await (await fetch(`${tiny.server.url}/metrics`)).text();
  const value = (sample: string) =>
    Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`${sample} `))
        ?.slice(sample.length),
    );
  expect(value('krait_prompt_tokens_total{model="tiny"}')).toBe(usage.prompt_tokens);
  expect(value('krait_completion_tokens_total{model="tiny"}')).toBe(usage.completion_tokens);
  expect(value('krait_reasoning_tokens_total{model="tiny"}')).toBeGreaterThan(0);
  expect(value('krait_time_to_first_token_seconds_count{model="tiny"}')).toBe(1);
  expect(value('krait_inter_token_seconds_count{model="tiny"}')).toBe(usage.completion_tokens! - 1);
  expect(value('krait_inter_token_seconds_bucket{model="tiny",le="+Inf"}')).toBe(
    usage.completion_tokens! - 1,
  );
  expect(value('krait_running{model="tiny"}')).toBe(0);
  expect(value('krait_queued{model="tiny"}')).toBe(0);
  expect(value('krait_http_requests_total{path="/v1/chat/completions",status="200"}')).toBe(1);
  expect(value('krait_engine_completion_tokens_total{model="tiny"}')).toBe(usage.completion_tokens);
  for (const line of text.trimEnd().split("\n")) {
    expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? \S+)$/);
  }
});

test("tokens, text and prompts can be had of each other", async () => {
  await using tiny = await startTiny();
  const ask = async (path: string, body: object) =>
    (await (await tiny.post(path, body)).json()) as Record<string, unknown>;
  const { tokens, count } = await ask("/tokenize", { prompt: "Hello world" });
  expect(count).toBe((tokens as number[]).length);
  expect((await ask("/detokenize", { tokens })).prompt).toBe("Hello world");
  const rendered = await ask("/apply-template", { messages, enable_thinking: false });
  expect(rendered.prompt).toMatch(/47 \+ 38\?.*<think><\/think>$/s);
  const counted = await ask("/tokenize", { messages, enable_thinking: false });
  expect(counted.tokens).toEqual(rendered.tokens);
});
