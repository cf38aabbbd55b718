import { type ChatModel, loadModel } from "krait";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createHandler } from "../handler.ts";
import type { UpstreamError } from "./upstream-error.ts";
import { createUpstreamModel } from "./upstream-model.ts";

let loaded: ChatModel;
beforeAll(async () => {
  loaded = await loadModel();
});
afterAll(() => loaded[Symbol.asyncDispose]());
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const piece = (text: string, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ text, finish_reason: finish }] })}\n\n`;
const last = (text: string) => `${piece(text, "stop")}data: [DONE]\n\n`;

/** What an upstream does: these pieces as they come, each after so many seconds, or nothing ever. */
type Script = readonly (readonly [seconds: number, text: string])[];

/** A response whose head comes with its first piece. One that has said all leaves the connection open. */
function respond(script: Script, signal: AbortSignal): Promise<Response> {
  const later = (seconds: number) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  const pieces = async function* () {
    for (const [seconds, text] of script) {
      await later(seconds);
      yield new TextEncoder().encode(text);
    }
    await new Promise(() => {});
  };
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
    const all = pieces();
    void all.next().then((first) => {
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        start: (controller) => controller.enqueue(first.value!),
        pull: async (controller) => controller.enqueue((await all.next()).value!),
      });
      resolve(new Response(body));
    });
  });
}

/** Two upstreams, of which the one that is asked first does the first of these. */
function upstreams(...scripts: Script[]) {
  const asked: { url: string; body: { prompt: readonly number[] }; signal: AbortSignal }[] = [];
  const troubles: (string | undefined)[] = [];
  const fetch = ((input: string, init: RequestInit) => {
    if (!input.endsWith("/v1/completions")) return Promise.resolve(Response.json({ data: [] }));
    const script = scripts[asked.length]!;
    asked.push({ url: input, body: JSON.parse(init.body as string), signal: init.signal! });
    return respond(script, init.signal!);
  }) as typeof globalThis.fetch;
  const { tokenizer, template } = loaded;
  const model = createUpstreamModel({
    ...{ id: "behind", tokenizer, template, fetch, silenceSeconds: 20 },
    urls: scripts.map((_, index) => `http://upstream${index}.example`),
    onTrouble: (_url: string, error?: UpstreamError) => troubles.push(error?.message),
  });
  const handler = createHandler([model], { requestTimeoutSeconds: 600 });
  const ask = (stream: boolean) =>
    handler(
      new Request("http://localhost/v1/chat/completions", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          messages: [{ role: "user", content: "Hi" }],
          ...{ stream, reasoning_effort: "none", max_tokens: 50 },
        }),
      }),
    );
  return { model, ask, asked, troubles };
}

/** How many seconds it takes, by the clock of the test. */
async function timed<T>(promise: Promise<T>): Promise<{ value: T; seconds: number }> {
  let value: { of: T } | undefined;
  void promise.then((of) => {
    value = { of };
  });
  for (let seconds = 0; seconds < 700; seconds++) {
    // What is due in the first second is done before the clock goes on.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (value) return { value: value.of, seconds };
    await vi.advanceTimersByTimeAsync(1000);
  }
  throw new Error("It takes more than 700 seconds.");
}

const content = async (response: Response) =>
  ((await response.json()) as { choices: [{ message: { content: string } }] }).choices[0].message.content;

test("one that takes the request and never answers is left for another", async () => {
  const { model, ask, asked, troubles } = upstreams([], [[1, last("Hello.")]]);
  using _ = model;
  const { value, seconds } = await timed(ask(false));
  expect(await content(value)).toBe("Hello.");
  expect(seconds).toBe(21);
  expect(new Set(asked.map(({ url }) => url)).size).toBe(2);
  expect(troubles).toEqual([expect.stringContaining("has said nothing for 20 seconds")]);
  expect(asked[0]!.signal.aborted).toBe(true);
  expect(model.pool.upstreams.map(({ running }) => running)).toEqual([0, 0]);
});

test("one that falls silent in the middle is left, too, and the other goes on from the text so far", async () => {
  const { model, ask, asked } = upstreams(
    [
      [5, piece("Hel")],
      [5, piece("lo")],
    ],
    [[1, last(" you.")]],
  );
  using _ = model;
  const { value, seconds } = await timed(ask(true).then((response) => response.text()));
  expect([...value.matchAll(/"content":"([^"]+)"/g)].map(([, text]) => text).join("")).toBe("Hello you.");
  expect(seconds).toBe(31);
  const { prompt } = asked[1]!.body;
  expect(loaded.tokenizer.decode(prompt)).toMatch(/Hello$/);
});

test("one that takes long and says so now and then is waited for", async () => {
  const waiting = Array.from({ length: 10 }, () => [19, ": in the queue\n\n"] as const);
  const { model, ask, asked } = upstreams([...waiting, [19, last("Done.")]], []);
  using _ = model;
  const { value, seconds } = await timed(ask(false));
  expect(await content(value)).toBe("Done.");
  expect(seconds).toBe(209);
  expect(asked).toHaveLength(1);
});

test.each([false, true])(
  "where all of them are silent, that is what the client hears; stream: %s",
  async (stream) => {
    const { model, ask, troubles } = upstreams([], []);
    using _ = model;
    const { value, seconds } = await timed(
      ask(stream).then(async (response) => [response.status, await response.text()]),
    );
    const error = { code: "upstream_timeout", type: "timeout_error" };
    const text = String(value[1]);
    expect(value[0]).toBe(stream ? 200 : 504);
    expect(JSON.parse(stream ? /^data: (.*error.*)$/m.exec(text)![1]! : text)).toMatchObject({ error });
    expect(text).not.toContain("example");
    expect(seconds).toBe(40);
    expect(troubles).toHaveLength(2);
  },
);

test("an answer that is whole is not spoiled by a connection that never ends", async () => {
  const { model, ask, asked, troubles } = upstreams([[1, piece("Hello.", "stop")]], []);
  using _ = model;
  const { value, seconds } = await timed(ask(false));
  expect(await content(value)).toBe("Hello.");
  expect(seconds).toBe(21);
  expect(asked).toHaveLength(1);
  expect(troubles).toEqual([]);
});

test("a client that reads slowly is not taken for an upstream that is silent", async () => {
  const { model, ask, asked } = upstreams([
    [0, piece("One ")],
    [0, piece("two ")],
    [0, last("three")],
  ]);
  using _ = model;
  const { value: response } = await timed(ask(true));
  await vi.advanceTimersByTimeAsync(100_000);
  const { value } = await timed(response.text());
  expect(value).toContain("three");
  expect(asked).toHaveLength(1);
});

test.each([0, -1, Number.NaN])("a time of %s seconds is none", (silenceSeconds) => {
  const { tokenizer, template } = loaded;
  const urls = ["http://a.example"];
  expect(() => createUpstreamModel({ id: "a", urls, tokenizer, template, silenceSeconds })).toThrow(
    /silenceSeconds/,
  );
});
