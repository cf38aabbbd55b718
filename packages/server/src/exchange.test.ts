import { afterAll, beforeAll, expect, test } from "vitest";
import { startTiny, type TinyServer } from "../test-support/running-server.ts";
import { createHandler, type Handler } from "./handler.ts";

let tiny: TinyServer;
let handler: Handler;
/** Lives as long as the server does. */
const { signal } = new AbortController();
let listeners = 0;

beforeAll(async () => {
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: unknown[]) => {
    listeners++;
    Reflect.apply(addEventListener, signal, args);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    listeners--;
    Reflect.apply(removeEventListener, signal, args);
  };
  tiny = await startTiny();
  handler = createHandler([tiny.model], { abort: signal });
});
afterAll(() => tiny[Symbol.asyncDispose]());

const chat = { messages: [{ role: "user", content: "Hello!" }], max_tokens: 3 };

test.each<[string, string, unknown?]>([
  ["a probe", "/health"],
  ["an address that is none", "/nothing"],
  ["a request that is refused", "/v1/chat/completions", { messages: "Hello!" }],
  ["a model that is not there", "/v1/chat/completions", { ...chat, model: "none" }],
  ["a whole answer", "/v1/chat/completions", chat],
  ["a stream", "/v1/chat/completions", { ...chat, stream: true }],
])("after %s nothing of it is left with the server", async (_, path, body) => {
  const init = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  const response = await handler(
    new Request(`http://localhost${path}`, body === undefined ? undefined : init),
  );
  await response.text();
  expect(listeners).toBe(0);
});
