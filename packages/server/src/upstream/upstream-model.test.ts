import { type ChatModel, loadModel, type Message } from "krait";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createHandler } from "../handler.ts";
import { serveModel } from "../model/serve-model.ts";
import type { ServedChatRequest, ServedEvent } from "../model/served-model.ts";
import { serve } from "../node/serve.ts";
import type { UpstreamError } from "./upstream-error.ts";
import { createUpstreamModel, type UpstreamModelOptions } from "./upstream-model.ts";

let model: ChatModel;

beforeAll(async () => {
  model = await loadModel();
});
afterAll(() => model[Symbol.asyncDispose]());

/** A fetch that reaches another Krait, in this process. */
function anotherKrait(): typeof fetch {
  const handler = createHandler([serveModel(model, { id: "tiny" })]);
  return ((input: string, init?: RequestInit) => handler(new Request(input, init))) as typeof fetch;
}

function upstreamModel(options: Partial<UpstreamModelOptions> = {}) {
  const { tokenizer, template } = model;
  const urls = ["http://a.example"];
  return createUpstreamModel({ id: "tiny", urls, tokenizer, template, fetch: anotherKrait(), ...options });
}

const ask = (content: string, more: Partial<ServedChatRequest> = {}): ServedChatRequest => ({
  ...{ messages: [{ role: "user", content }] satisfies Message[], tools: [], toolChoice: "auto" },
  ...{ parallelToolCalls: true, responseFormat: { type: "text" }, sampling: { temperature: 0 } },
  ...{ signal: new AbortController().signal, maxTokens: 200 },
  ...more,
});

const tool = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather in a city",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
} as const;

async function fold(stream: AsyncIterable<ServedEvent>) {
  const folded = {
    text: "",
    reasoning: "",
    calls: [] as string[],
    finish: undefined as ServedEvent | undefined,
  };
  for await (const event of stream) {
    if (event.type === "text-delta") folded.text += event.text;
    else if (event.type === "reasoning-delta") folded.reasoning += event.text;
    else if (event.type === "tool-call-end") folded.calls.push(`${event.name}(${event.arguments})`);
    else if (event.type === "finish") folded.finish = event;
  }
  return folded;
}

describe("an answer through an upstream is the answer itself", () => {
  test.each<[string, Partial<ServedChatRequest>]>([
    ["Hello!", {}],
    ["What is 7 + 5?", { reasoning: "off" }],
    ["What is the weather in Paris and Tokyo?", { tools: [tool] }],
    ["Hello!", { stop: ["demo"] }],
    ["Hello!", { maxTokens: 9 }],
  ])("%s %j", async (content, more) => {
    using upstream = upstreamModel();
    const direct = await fold(serveModel(model).chat(ask(content, more)));
    const through = await fold(upstream.chat(ask(content, more)));
    const { usage: _, ...ending } = through.finish as Extract<ServedEvent, { type: "finish" }>;
    expect(direct.text + direct.reasoning + direct.calls).not.toBe("");
    expect({ ...through, finish: null }).toEqual({ ...direct, finish: null });
    expect(direct.finish).toMatchObject(ending);
  });

  test("with prompts as text, too", async () => {
    using upstream = upstreamModel({ promptAs: "text" });
    const direct = await fold(serveModel(model).chat(ask("Hello!")));
    expect((await fold(upstream.chat(ask("Hello!")))).text).toBe(direct.text);
  });
});

test("what a user writes never becomes a special token upstream", async () => {
  let prompt: number[] = [];
  const fetch = ((_: string, init: RequestInit) => {
    prompt = JSON.parse(init.body as string).prompt;
    return Promise.resolve(new Response('data: {"choices":[{"text":"","finish_reason":"stop"}]}\n\n'));
  }) as typeof globalThis.fetch;
  using upstream = upstreamModel({ fetch });
  const special = [...model.tokenizer.specialTokens.values()];
  const count = (ids: readonly number[]) => ids.filter((id) => special.includes(id)).length;
  await fold(upstream.chat(ask("plain")));
  const usual = count(prompt);
  await fold(upstream.chat(ask([...model.tokenizer.specialTokens.keys()].join(" "))));
  expect(count(prompt)).toBe(usual);
});

test("a thinking budget ends the trace in one stream, and the answer follows, over a real connection", async () => {
  await using server = await serve([serveModel(model, { id: "tiny" })], { port: 0 });
  using upstream = upstreamModel({ urls: [server.url], fetch });
  const request = ask("How much is 7 + 5?", { reasoning: "on", thinking: { budget: 3, grace: 2 } });
  const { reasoning, text, finish } = await fold(upstream.chat(request));
  expect(model.tokenizer.encode(reasoning).length).toBeLessThan(9);
  expect(text).not.toBe("");
  expect(text).not.toContain("think>");
  expect(finish).toMatchObject({ reasoningEnd: expect.stringMatching(/newline|hard/) });
  // What the second completion finds cached is what the first has read, and nothing that the client saved.
  const { usage } = finish as Extract<ServedEvent, { type: "finish" }>;
  expect(usage.cachedTokens).toBeLessThan(usage.promptTokens);
});

describe("upstreams that fail", () => {
  /** Of two upstreams, the one that is asked first does this to its response. */
  function firstFails(fail: (response: Response) => Response | never): {
    fetch: typeof fetch;
    asked: string[];
  } {
    const asked: string[] = [];
    const real = anotherKrait();
    const fetch = (async (input: string, init?: RequestInit) => {
      if (!input.endsWith("/v1/completions")) return real(input, init);
      asked.push(new URL(input).hostname);
      const response = await real(input, init);
      return asked.length === 1 ? fail(response) : response;
    }) as typeof globalThis.fetch;
    return { fetch, asked };
  }
  const breakOff = (response: Response): Response => {
    let events = 0;
    const cut = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        if (++events > 4) controller.error(new Error("connection reset"));
        else controller.enqueue(chunk);
      },
    });
    return new Response(response.body!.pipeThrough(cut));
  };

  test.each<[string, (response: Response) => Response]>([
    [
      "cannot be reached",
      () => {
        throw new TypeError("fetch failed");
      },
    ],
    ["has too much to do", () => new Response("busy", { status: 503 })],
    ["breaks off in the middle", breakOff],
  ])("when the first %s, the second gives the same answer", async (_, fail) => {
    const { fetch, asked } = firstFails(fail);
    const troubles: unknown[] = [];
    const onTrouble = (url: string, error?: UpstreamError) => troubles.push([url, error?.url]);
    using upstream = upstreamModel({ urls: ["http://a.example", "http://b.example"], fetch, onTrouble });
    const direct = await fold(serveModel(model).chat(ask("Hello!")));
    const through = await fold(upstream.chat(ask("Hello!")));
    expect(through.text).toBe(direct.text);
    const first = `http://${asked[0]}`;
    expect(troubles).toEqual([[first, first]]);
    expect(new Set(asked).size).toBe(2);
    expect(upstream.pool.upstreams.every(({ running }) => running === 0)).toBe(true);
  });

  test("a request that is wrong itself is not sent elsewhere", async () => {
    const { fetch, asked } = firstFails(
      () => new Response('{"error":{"message":"too long"}}', { status: 400 }),
    );
    using upstream = upstreamModel({ urls: ["http://a.example", "http://b.example"], fetch });
    await expect(fold(upstream.chat(ask("Hello!")))).rejects.toThrow("too long");
    expect(asked).toHaveLength(1);
  });

  test.each<[string, Response, object]>([
    [
      "that the request is wrong",
      Response.json({ error: { message: "max_tokens is too large" } }, { status: 400 }),
      { status: 400, told: "max_tokens is too large", retryAfter: null, operator: [] },
    ],
    [
      "that it has too much to do",
      new Response("gpu-7 is busy", { status: 429, headers: { "retry-after": "7" } }),
      { status: 503, told: "What computes the answer has too much to do.", retryAfter: "7", operator: [] },
    ],
    [
      "that the key is wrong",
      new Response("gpu-7 knows no such key", { status: 401 }),
      {
        status: 502,
        told: "What computes the answer cannot be had.",
        operator: [expect.stringContaining("401: gpu-7")],
      },
    ],
    [
      "no answer at all",
      new Response("data: [DONE]\n\n"),
      { status: 502, operator: [expect.stringContaining("without having finished")] },
    ],
    [
      "no end of an event",
      new Response(`data: ${"x".repeat(1 << 21)}`),
      { status: 502, operator: [expect.stringContaining("broke off")] },
    ],
  ])("an upstream that says %s is told as a status, streaming or not", async (_, answer, expected) => {
    const operator: string[] = [];
    const fetch = (async (input: string, init?: RequestInit) =>
      input.endsWith("/v1/completions")
        ? answer.clone()
        : anotherKrait()(input, init)) as typeof globalThis.fetch;
    using upstream = upstreamModel({ fetch });
    const handler = createHandler([upstream], {
      onError: (error) => operator.push((error as Error).message),
    });
    for (const stream of [false, true]) {
      operator.length = 0;
      const body = JSON.stringify({ messages: [{ role: "user", content: "Hello!" }], stream });
      const headers = { "content-type": "application/json" };
      const response = await handler(
        new Request("http://localhost/v1/chat/completions", { method: "POST", headers, body }),
      );
      const { error } = (await response.json()) as { error: { message: string } };
      expect({
        ...{ status: response.status, told: error.message, operator },
        retryAfter: response.headers.get("retry-after"),
      }).toMatchObject(expected);
    }
  });

  test("a client that goes away ends the request upstream", async () => {
    const controller = new AbortController();
    using upstream = upstreamModel();
    const events = upstream.chat(ask("Hello!", { signal: controller.signal }));
    const reading = (async () => {
      for await (const event of events) if (event.type === "reasoning-delta") controller.abort();
    })();
    await expect(reading).rejects.toThrow();
    expect(upstream.pool.upstreams[0]!.running).toBe(0);
  });
});

describe("a request that sets no limit", () => {
  /** Upstreams that say nothing of their context, or as much as they are told to. */
  function limited(contextLength: number | undefined) {
    const asked: number[] = [];
    const real = anotherKrait();
    const fetch = (async (input: string, init?: RequestInit) => {
      if (input.endsWith("/v1/models")) {
        return Response.json({ data: [{ id: "other" }, { id: "tiny", max_model_len: contextLength }] });
      }
      const body = JSON.parse(init!.body as string);
      asked.push(body.max_tokens);
      // However much is asked for, so little is given at a time, as if that were all that was asked for.
      return real(input, {
        ...init,
        body: JSON.stringify({ ...body, max_tokens: Math.min(30, body.max_tokens) }),
      });
    }) as typeof globalThis.fetch;
    return { fetch, asked };
  }

  test("is answered to the end, where the upstream does not say what it holds", async () => {
    const { fetch, asked } = limited(undefined);
    using upstream = upstreamModel({ fetch });
    const direct = await fold(serveModel(model).chat(ask("What is 47 + 38?", { maxTokens: undefined })));
    const through = await fold(upstream.chat(ask("What is 47 + 38?", { maxTokens: undefined })));
    expect(through).toMatchObject({ text: direct.text, reasoning: direct.reasoning });
    expect(through.finish).toMatchObject({ finishReason: "stop" });
    expect(asked.length).toBeGreaterThan(1);
  });

  test("is given what the upstream's context leaves, and one that asks for more no more than that", async () => {
    const { fetch, asked } = limited(100);
    using upstream = upstreamModel({ fetch });
    const { tokens } = upstream.text!.render({ messages: [{ role: "user", content: "Hello!" }], tools: [] });
    await fold(upstream.chat(ask("Hello!", { maxTokens: undefined })));
    await fold(upstream.chat(ask("Hello!", { maxTokens: 5000 })));
    expect(asked).toEqual([100 - tokens.length, 100 - tokens.length]);
    await expect(fold(upstream.chat(ask("word ".repeat(100))))).rejects.toMatchObject({
      code: "context_length_exceeded",
    });
    using known = upstreamModel({ fetch, contextLength: 90 });
    await fold(known.chat(ask("Hello!", { maxTokens: undefined })));
    expect(asked.at(-1)).toBe(90 - tokens.length);
  });
});

test("what the upstream's API cannot give is refused by name", async () => {
  using upstream = upstreamModel();
  const handler = createHandler([upstream]);
  const body = JSON.stringify({ messages: [{ role: "user", content: "Hello!" }], logprobs: true });
  const headers = { "content-type": "application/json" };
  const response = await handler(
    new Request("http://localhost/v1/chat/completions", { method: "POST", headers, body }),
  );
  expect(await response.json()).toMatchObject({ error: { code: "unsupported", param: "logprobs" } });
});
