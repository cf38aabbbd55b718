import { watchBackend } from "@krait/testing";
import { type ChatModel, loadModel } from "krait";
import { afterEach, expect, test, vi } from "vitest";
import { createHandler, type Handler } from "../handler.ts";
import { serveModel } from "../model/serve-model.ts";
import { createUpstreamModel } from "../upstream/upstream-model.ts";

type Watched = ReturnType<typeof watchBackend>;
const made: Watched[] = [];
/** Awaited before a backend is made. */
let beforeMaking: Promise<void> = Promise.resolve();

// A backend that was asked for by name is made again when it is lost.
vi.mock("@krait/backend-cpu", async (importOriginal) => {
  const { createCpuBackend } = await importOriginal<typeof import("@krait/backend-cpu")>();
  return {
    async createCpuBackend(options: object) {
      await beforeMaking;
      const watched = watchBackend(await createCpuBackend(options));
      made.push(watched);
      return watched.backend;
    },
  };
});

let model: ChatModel;
let makeIt = (): void => {};
afterEach(() => {
  makeIt();
  return model[Symbol.asyncDispose]();
});

async function start(backend: "named" | "passed in"): Promise<Handler> {
  made.length = 0;
  beforeMaking = Promise.resolve();
  if (backend === "named") model = await loadModel(undefined, { backend: "cpu" });
  else {
    const { createCpuBackend } = await import("@krait/backend-cpu");
    model = await loadModel(undefined, { backend: await createCpuBackend({}) });
  }
  return createHandler([serveModel(model, { id: "tiny" })]);
}

const get = (handler: Handler, path: string) => handler(new Request(`http://localhost${path}`));

async function readiness(handler: Handler): Promise<unknown> {
  const response = await get(handler, "/ready");
  return { http: response.status, ...((await response.json()) as object) };
}

/** The state that the metrics say the model is in. */
async function stateInMetrics(handler: Handler): Promise<string[]> {
  const text = await (await get(handler, "/metrics")).text();
  return Array.from(
    text.matchAll(/^krait_model_state\{model="tiny",state="(\w+)"\} 1$/gm),
    ([, state]) => state!,
  );
}

const chat = (handler: Handler, more: object = {}) =>
  handler(
    new Request("http://localhost/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ messages: [{ role: "user", content: "Hello!" }], max_tokens: 5, ...more }),
    }),
  );

const ready = { http: 200, status: "ready" };
const unready = (state: string) => ({
  http: 503,
  status: "not ready",
  reason: `the model "tiny" is ${state}`,
});

test("a server whose backend is made again is not ready until it is, and what came meanwhile is answered", async () => {
  const handler = await start("named");
  expect(await readiness(handler)).toEqual(ready);
  beforeMaking = new Promise((resolve) => {
    makeIt = resolve;
  });
  made[0]!.lose();
  await expect.poll(() => readiness(handler)).toEqual(unready("recovering"));
  expect(await stateInMetrics(handler)).toEqual(["recovering"]);
  expect((await get(handler, "/health")).status).toBe(200);
  const answer = chat(handler);
  makeIt();
  expect((await answer).status).toBe(200);
  expect(await readiness(handler)).toEqual(ready);
  expect(await stateInMetrics(handler)).toEqual(["ready"]);
  expect(await (await get(handler, "/metrics")).text()).toContain(
    'krait_engine_recoveries_total{model="tiny"} 1',
  );
});

test("a server whose backend does not come back says so for good, to probes, in metrics and to clients", async () => {
  const handler = await start("passed in");
  const stream = await chat(handler, { stream: true, max_tokens: 200 });
  made[0]!.lose();
  expect(await stream.text()).toContain('"code":"engine_lost"');
  expect(await readiness(handler)).toEqual(unready("lost"));
  expect(await stateInMetrics(handler)).toEqual(["lost"]);
  const refused = await chat(handler);
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ error: { code: "engine_lost" } });
});

test("a server whose upstreams are all away is not ready", async () => {
  await start("named");
  const { tokenizer, template } = model;
  const fetch = () => Promise.reject(new TypeError("fetch failed"));
  using upstream = createUpstreamModel({
    id: "tiny",
    urls: ["http://a.example"],
    tokenizer,
    template,
    fetch,
  });
  const handler = createHandler([upstream]);
  expect(await readiness(handler)).toEqual(ready);
  await upstream.pool.checkHealth();
  expect(await readiness(handler)).toEqual(unready("recovering"));
});
