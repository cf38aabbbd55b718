import { afterAll, beforeAll, expect, test } from "vitest";
import { startTiny, type TinyServer } from "../../test-support/running-server.ts";

/** Eight pages of keys and values hold 256 positions, and one token more is drawn from the last of them. */
const POSITIONS = 257;
let small: TinyServer;
let large: TinyServer;

beforeAll(async () => {
  small = await startTiny({}, { maxSequences: 1, maxKvTokens: 224 });
  large = await startTiny();
});
afterAll(async () => {
  await small[Symbol.asyncDispose]();
  await large[Symbol.asyncDispose]();
});

const noEnd = { logit_bias: Object.fromEntries([2, 11, 12].map((token) => [token, -100])) };
const common = { max_tokens: 1000, temperature: 0, ...noEnd };
const messages = [{ role: "user", content: "Tell me a story." }];
const chat = { messages, reasoning_effort: "none", ...common };
const text = { type: "string", minLength: 2000 };
const schema = { type: "object", properties: { text }, required: ["text"], additionalProperties: false };
const tools = [{ type: "function", function: { name: "write", parameters: schema } }];

interface Answer {
  readonly choices: readonly { readonly finish_reason: string }[];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

async function ask({ post }: TinyServer, path: string, request: object): Promise<Answer> {
  const response = await post(path, request);
  expect(response.status).toBe(200);
  const { choices, usage } = (await response.json()) as Answer;
  return { choices, usage };
}

test.each<[what: string, path: string, request: object]>([
  ["text", "/v1/completions", { prompt: "Once upon a time", ...common }],
  ["a chat", "/v1/chat/completions", chat],
  [
    "structured output",
    "/v1/chat/completions",
    { ...chat, response_format: { type: "json_schema", json_schema: { name: "story", schema } } },
  ],
  ["a tool call", "/v1/chat/completions", { ...chat, tools, tool_choice: "required" }],
])("%s that outgrows the model's memory ends with length, as with max_tokens", async (_, path, request) => {
  const cut = await ask(small, path, request);
  expect(cut.choices).toMatchObject([{ finish_reason: "length" }]);
  const { prompt_tokens, completion_tokens } = cut.usage;
  expect(prompt_tokens + completion_tokens).toBe(POSITIONS);
  expect(cut).toEqual(await ask(large, path, { ...request, max_tokens: completion_tokens }));
});
