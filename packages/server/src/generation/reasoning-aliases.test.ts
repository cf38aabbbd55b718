import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTiny, type TinyServer } from "../../test-support/running-server.ts";

let tiny: TinyServer;
let marker: number;

beforeAll(async () => {
  tiny = await startTiny();
  marker = tiny.model.text!.encode("\n</think>\n\n").length;
});
afterAll(() => tiny[Symbol.asyncDispose]());

const question = "What is 47 + 38?";

/** Reasoning tokens of the answers that the three APIs give to a request with these fields. */
async function reasoningTokens(fields: object, text = question): Promise<number[]> {
  const messages = [{ role: "user", content: text }];
  const ask = async (path: string, body: object) => {
    const response = await tiny.post(path, { ...body, ...fields });
    return { status: response.status, body: (await response.json()) as unknown };
  };
  const chat = await ask("/v1/chat/completions", { messages, max_tokens: 45 });
  const responses = await ask("/v1/responses", { input: text, max_output_tokens: 45 });
  const anthropic = await ask("/v1/messages", { messages, max_tokens: 45 });
  expect([chat.status, responses.status, anthropic.status]).toEqual([200, 200, 200]);
  const { usage } = chat.body as { usage: { completion_tokens_details: { reasoning_tokens: number } } };
  const ofResponses = responses.body as { usage: { output_tokens_details: { reasoning_tokens: number } } };
  const ofMessages = anthropic.body as { usage: { output_tokens_details: { thinking_tokens: number } } };
  return [
    usage.completion_tokens_details.reasoning_tokens,
    ofResponses.usage.output_tokens_details.reasoning_tokens,
    ofMessages.usage.output_tokens_details.thinking_tokens,
  ];
}

const off = [
  { chat_template_kwargs: { enable_thinking: false } },
  { chat_template_kwargs: { thinking: false } },
  { reasoning: { enabled: false } },
  { reasoning: { effort: "none" } },
  { reasoning: { max_tokens: 0 } },
  { reasoning_effort: "none" },
  { thinking: { type: "disabled" } },
  { enable_thinking: false },
  { thinking_token_budget: 0 },
  { chat_template_kwargs: { enable_thinking: false }, reasoning_effort: "high" },
];

const on = [
  { chat_template_kwargs: { enable_thinking: true } },
  { chat_template_kwargs: { thinking: true } },
  { reasoning: { enabled: true } },
  { reasoning: { effort: "low" } },
  { reasoning: { max_tokens: 200 } },
  { reasoning_effort: "high" },
  { reasoning_effort: "xhigh" },
  { thinking: { type: "enabled", budget_tokens: 200 } },
  { thinking: { type: "adaptive" } },
  { enable_thinking: true },
  { thinking_token_budget: 200, enable_thinking: true },
];

const budgets = [
  { reasoning: { max_tokens: 10 } },
  { thinking: { type: "enabled", budget_tokens: 10 } },
  { chat_template_kwargs: { reasoning_budget: 10 } },
  { chat_template_kwargs: { thinking_budget: 10 } },
  { thinking_token_budget: 10 },
  { max_thinking_tokens: 10 },
  { nvext: { max_thinking_tokens: 10 } },
  { thinking_budget_tokens: 10 },
  { thinking_budget: 10 },
  { reasoning_budget: 10 },
  { reasoning_budget: 10, reasoning_effort: "high" },
];

describe("in all three APIs", () => {
  test.each(off)("%j switches reasoning off", async (fields) => {
    expect(await reasoningTokens(fields)).toEqual([0, 0, 0]);
  });

  test.each(on)("%j switches it on, also against the text", async (fields) => {
    for (const tokens of await reasoningTokens(fields, `${question} /no_think`)) {
      expect(tokens).toBeGreaterThan(30);
    }
  });

  test.each(budgets)("%j ends it after ten tokens", async (fields) => {
    for (const tokens of await reasoningTokens(fields)) {
      expect(tokens).toBeGreaterThanOrEqual(10);
      expect(tokens).toBeLessThanOrEqual(10 + 1 + marker);
    }
  });

  test("a grace lets it run on to the end of its line", async () => {
    const [cut] = await reasoningTokens({ thinking_budget: 15 });
    expect(cut).toBe(15 + 2 + marker);
    const [held] = await reasoningTokens({ thinking_budget: 15, thinking_grace_tokens: 100 });
    expect(held).toBeGreaterThan(cut!);
    const [free] = await reasoningTokens({ thinking_budget: -1, enable_thinking: true });
    expect(held).toBeLessThan(free!);
  });
});

describe("without a field", () => {
  test("the words in the text decide, except in Anthropic's API, where it is off", async () => {
    const [chat, responses, messages] = await reasoningTokens({});
    expect(chat).toBeGreaterThan(30);
    expect(responses).toBe(chat);
    expect(messages).toBe(0);
    expect(await reasoningTokens({}, `${question} /no_think`)).toEqual([0, 0, 0]);
  });
});

test("reasoning can be had and not shown", async () => {
  for (const fields of [{ include_reasoning: false }, { reasoning: { exclude: true } }]) {
    const response = await tiny.post("/v1/chat/completions", {
      ...fields,
      messages: [{ role: "user", content: question }],
    });
    const { choices, usage } = (await response.json()) as Record<string, never> & {
      choices: [{ message: object }];
      usage: { completion_tokens_details: { reasoning_tokens: number } };
    };
    expect(choices[0].message).toEqual({ role: "assistant", content: "47 + 38 = 85\n", refusal: null });
    expect(usage.completion_tokens_details.reasoning_tokens).toBeGreaterThan(30);
  }
});

test("a wrong type is told by its path", async () => {
  for (const [fields, param] of [
    [{ reasoning: { max_tokens: "many" } }, "reasoning.max_tokens"],
    [{ thinking: { type: "sometimes" } }, "thinking.type"],
    [{ thinking_token_budget: 1.5 }, "thinking_token_budget"],
    [{ reasoning_effort: 3 }, "reasoning_effort"],
  ] as const) {
    const response = await tiny.post("/v1/chat/completions", { ...fields, messages: [] });
    expect(response.status).toBe(400);
    const withMessages = await tiny.post("/v1/chat/completions", {
      ...fields,
      messages: [{ role: "user", content: "Hello!" }],
    });
    expect(await withMessages.json()).toMatchObject({ error: { param } });
  }
});
