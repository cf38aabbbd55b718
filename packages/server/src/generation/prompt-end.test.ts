import { createChatTemplate } from "@krait/chat-template";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTiny, type TinyServer } from "../../test-support/running-server.ts";
import { createHandler } from "../handler.ts";
import { createUpstreamModel } from "../upstream/upstream-model.ts";

let tiny: TinyServer;
beforeAll(async () => {
  tiny = await startTiny();
});
afterAll(() => tiny[Symbol.asyncDispose]());

const sum = { role: "user", content: "What is 47 + 38?" };
const begun = { role: "assistant", content: "47 + 38 =" };
const called = {
  role: "assistant",
  tool_calls: [{ id: "a", function: { name: "look", arguments: "{}" } }],
};
const goOn = { continue_final_message: true, add_generation_prompt: false };

async function promptOf(body: object): Promise<string> {
  const response = await tiny.post("/apply-template", { messages: [sum, begun], ...body });
  return ((await response.json()) as { prompt: string }).prompt;
}

async function chat(body: object): Promise<{ content: string; reasoning?: string; promptTokens: number }> {
  const response = await tiny.post("/v1/chat/completions", { messages: [sum, begun], ...body });
  const { choices, usage } = (await response.json()) as {
    choices: [{ message: { content: string; reasoning?: string } }];
    usage: { prompt_tokens: number };
  };
  return { ...choices[0].message, promptTokens: usage.prompt_tokens };
}

const tokensOf = (prompt: string) => tiny.model.text!.encode(prompt).length;

test("a last message of the assistant is gone on from, whether the request says so or nothing", async () => {
  const prompt = await promptOf({});
  expect(prompt).toMatch(/<think><\/think>47 \+ 38 =$/);
  for (const said of [
    ...[goOn, { continue_final_message: true }, { add_generation_prompt: true }],
    ...[{ chat_template_kwargs: goOn }, { ...goOn, chat_template_kwargs: goOn }],
    { add_generation_prompt: false, chat_template_kwargs: { continue_final_message: true } },
  ]) {
    expect(await promptOf(said)).toBe(prompt);
    expect(await chat(said)).toMatchObject({ content: " 85\n", promptTokens: tokensOf(prompt) });
  }
});

test("one that the request calls whole is, and a new answer begins behind it", async () => {
  const whole = { continue_final_message: false };
  const prompt = await promptOf(whole);
  expect(prompt).toMatch(/Assistant\n47 \+ 38 =\n<SPECIAL_12>\n<SPECIAL_11>Assistant\n<think>\n$/);
  expect(await promptOf({ chat_template_kwargs: whole })).toBe(prompt);
  const answer = await chat({ chat_template_kwargs: whole, max_tokens: 4, include_reasoning: true });
  expect(answer.promptTokens).toBe(tokensOf(prompt));
  expect(answer.reasoning).toMatch(/\S/);
  // Behind a user's message there is nothing else to do.
  const messages = [sum];
  expect(await promptOf({ ...whole, messages })).toBe(await promptOf({ messages }));
});

test.each([
  ["continue_final_message", { ...goOn, messages: [sum] }],
  ["continue_final_message", { ...goOn, messages: [sum, called] }],
  ["continue_final_message", { continue_final_message: true, add_generation_prompt: true }],
  ["add_generation_prompt", { add_generation_prompt: false }],
  ["chat_template_kwargs.add_generation_prompt", { chat_template_kwargs: { add_generation_prompt: false } }],
  [
    "chat_template_kwargs.continue_final_message",
    { chat_template_kwargs: { continue_final_message: true }, add_generation_prompt: true },
  ],
  [
    "chat_template_kwargs.continue_final_message",
    { continue_final_message: false, chat_template_kwargs: { continue_final_message: true } },
  ],
  [
    "chat_template_kwargs.add_generation_prompt",
    { add_generation_prompt: true, chat_template_kwargs: { add_generation_prompt: false } },
  ],
  ["chat_template_kwargs.continue_final_message", { chat_template_kwargs: { continue_final_message: "no" } }],
  ["add_generation_prompt", { add_generation_prompt: false, continue_final_message: false, messages: [sum] }],
])("%s is refused by its name where it cannot be: %j", async (param, body) => {
  const response = await tiny.post("/v1/chat/completions", { messages: [sum, begun], ...body });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { param } });
});

test("all of it holds with a template that takes a last message for a whole one, such as ChatML", async () => {
  const { tokenizer } = tiny.loaded;
  const template = createChatTemplate(
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
  );
  const urls = ["http://upstream.example"];
  const fetch = async () => Response.json({ data: [{ id: "chatml", max_model_len: 1000 }] });
  using model = createUpstreamModel({ id: "chatml", urls, tokenizer, template, fetch });
  const handler = createHandler([model]);
  const promptOf = async (body: object) => {
    const response = await handler(
      new Request("http://localhost/apply-template", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ messages: [sum, begun], ...body }),
      }),
    );
    return ((await response.json()) as { prompt: string }).prompt;
  };
  const asked = "<|im_start|>user\nWhat is 47 + 38?<|im_end|>\n<|im_start|>assistant\n";
  expect(await promptOf({ messages: [sum] })).toBe(asked);
  for (const said of [{}, goOn]) expect(await promptOf(said)).toBe(`${asked}47 + 38 =`);
  const whole = `${asked}47 + 38 =<|im_end|>\n`;
  expect(await promptOf({ continue_final_message: false })).toBe(`${whole}<|im_start|>assistant\n`);
  expect(await promptOf({ add_generation_prompt: false })).toBe(whole);
});
