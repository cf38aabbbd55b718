import { type ChatModel, loadModel } from "krait";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createHandler, type Handler } from "../handler.ts";
import { serveModel } from "../model/serve-model.ts";

let model: ChatModel;
let handler: Handler;
beforeAll(async () => {
  model = await loadModel(undefined, { backend: "cpu" });
  handler = createHandler([serveModel(model, { id: "tiny" })]);
});
afterAll(() => model[Symbol.asyncDispose]());

const longText = "The quick brown fox, once more. ".repeat(150_000);
const user = (content: string) => ({ role: "user", content });

function post(path: string, body: object, signal?: AbortSignal): Promise<Response> {
  const headers = { "content-type": "application/json" };
  const init = { method: "POST", headers, body: JSON.stringify(body), signal: signal ?? null };
  return handler(new Request(`http://localhost${path}`, init));
}

test.each<[string, object]>([
  ["/tokenize", { prompt: longText }],
  ["/tokenize", { messages: [user(longText)] }],
  ["/apply-template", { messages: [user(longText)] }],
  ["/v1/messages/count_tokens", { model: "tiny", messages: [user(longText)] }],
])("a whole answer is made while %s still encodes a long text", async (path, body) => {
  const done: string[] = [];
  const tokens = post(path, body).finally(() => done.push("tokens"));
  const stream = { stream: true, max_tokens: 4, messages: [user("Hello!")] };
  const answer = await post("/v1/chat/completions", stream);
  expect(await answer.text()).toContain("[DONE]");
  done.push("answer");
  expect((await tokens).status).toBe(200);
  expect(done).toEqual(["answer", "tokens"]);
});

test("what is counted in slices are the tokens that the text has", async () => {
  const text = longText.slice(0, 200_000);
  const body = (await (await post("/tokenize", { content: text })).json()) as { tokens: number[] };
  expect(body.tokens).toEqual(model.tokenizer.encode(text));
});

test("a client that goes away ends the encoding", async () => {
  const client = new AbortController();
  const response = post("/tokenize", { prompt: longText }, client.signal);
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  client.abort();
  expect((await response).ok).toBe(false);
});
