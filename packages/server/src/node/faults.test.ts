import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postJson, readEvents, startTiny, type TinyServer } from "../../test-support/running-server.ts";
import { type RunningServer, serve } from "./serve.ts";

let tiny: TinyServer;
/** Failures of the server's own. A client's fault is none. */
const failures: unknown[] = [];

beforeAll(async () => {
  tiny = await startTiny({
    maxChoices: 4,
    onError: (error) => failures.push(error),
  });
});
afterAll(async () => {
  await tiny[Symbol.asyncDispose]();
  expect(failures).toEqual([]);
});

const path = "/v1/chat/completions";
const json = { "content-type": "application/json" };
const hello = { messages: [{ role: "user", content: "Hello!" }] };

async function refusal(response: Response): Promise<Record<string, unknown>> {
  const { error } = (await response.json()) as { error: Record<string, unknown> };
  return { status: response.status, code: error.code, param: error.param };
}

const send = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = json) =>
  fetch(tiny.server.url + path, { method: "POST", body, headers });

/** Whether the server still answers, which is what a fault must not change. */
async function expectAlive({ url }: RunningServer = tiny.server): Promise<void> {
  expect((await fetch(`${url}/health`)).status).toBe(200);
}

/** The same model behind a server of little patience, which other requests might try on a busy machine. */
const serveHastily = () =>
  serve([tiny.model], {
    ...{ port: 0, bodyTimeoutSeconds: 1, headTimeoutSeconds: 1, requestTimeoutSeconds: 0.2 },
    // Its streams begin before anything may have taken too long.
    headSeconds: 0,
  });

describe("a body", () => {
  test.each([
    ["of broken JSON", "{", "invalid_json"],
    ["of something that is no object", "7", "invalid_value"],
    ["that is empty", "", "no_body"],
    ["that is not UTF-8", Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d), "invalid_utf8"],
    ["of lists in lists", `${"[".repeat(100_000)}${"]".repeat(100_000)}`, "nesting_too_deep"],
    ["of objects in objects", `${'{"a":'.repeat(200)}1${"}".repeat(200)}`, "nesting_too_deep"],
  ])("%s is refused", async (_, body, code) => {
    expect(await refusal(await send(body))).toMatchObject({ status: 400, code });
  });

  test("that is no JSON by its own word is refused, so that no page can send one unasked", async () => {
    const text = JSON.stringify(hello);
    expect(await refusal(await send(text, { "content-type": "text/plain" }))).toMatchObject({ status: 415 });
    expect((await send(text, { "content-type": "application/json; charset=utf-8" })).status).toBe(200);
  });

  test("of 100 MB is refused before it is sent, and while it is sent", async () => {
    const declared = await exchange(
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n{`,
    );
    expect(declared).toMatch(/^HTTP\/1.1 413 /);
    let sent = 0;
    const chunk = new Uint8Array(1 << 20).fill(0x20);
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent === 100) return controller.close();
        sent++;
        controller.enqueue(chunk);
      },
    });
    // A client that is still sending may see the connection end instead of the answer.
    const status = await fetch(tiny.server.url + path, {
      ...{ method: "POST", headers: json, body, duplex: "half" },
    } as RequestInit).then(
      (response) => response.status,
      () => "ended",
    );
    expect([413, "ended"]).toContain(status);
    expect(sent).toBeLessThan(100);
    await expectAlive();
  });

  test("that comes drop by drop is given up", async () => {
    await using hasty = await serveHastily();
    const answer = await exchange(
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n`,
      " ",
      hasty,
    );
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
  });

  test("may hold fields that nobody knows", async () => {
    const body = { ...hello, max_tokens: 4, unknown_field: { deep: [1, 2] }, user: "me", store: true };
    expect((await tiny.post(path, body)).status).toBe(200);
  });

  test.each([
    [{ ...hello, model: 5 }, "model"],
    [{ messages: "Hello!" }, "messages"],
    [{ messages: [] }, "messages"],
    [{ messages: [null] }, "messages[0]"],
    [{ messages: [{ role: "nobody", content: "a" }] }, "messages[0].role"],
    [{ messages: [{ role: "user", content: 5 }] }, "messages[0].content"],
    [{ messages: [{ role: "user", content: [{ type: "text", text: 5 }] }] }, "messages[0].content[0].text"],
    [{ messages: [{ role: "user", content: [{ type: "text" }] }] }, "messages[0].content[0].text"],
    [{ messages: [{ role: "user", content: [{ type: "image_url" }] }] }, "messages[0].content[0]"],
    [
      { messages: [{ role: "assistant", tool_calls: [{ function: { name: "a", arguments: {} } }] }] },
      "messages[0].tool_calls[0].function.arguments",
    ],
    [{ ...hello, tools: [{ type: "function", function: { name: 1 } }] }, "tools[0].function.name"],
    [{ ...hello, tool_choice: 3 }, "tool_choice"],
    [{ ...hello, stream: "yes" }, "stream"],
    [{ ...hello, temperature: "hot" }, "temperature"],
    [{ ...hello, top_p: 2 }, "top_p"],
    [{ ...hello, max_tokens: 0 }, "max_tokens"],
    [{ ...hello, stop: [""] }, "stop[0]"],
    [{ ...hello, logit_bias: { a: 1 } }, "logit_bias.a"],
    [{ ...hello, logit_bias: { 5: "b" } }, "logit_bias.5"],
    [{ ...hello, n: 5 }, "n"],
    [{ ...hello, seed: 0.5 }, "seed"],
  ])("%j is refused by the path of its field", async (body, param) => {
    expect(await refusal(await tiny.post(path, body))).toMatchObject({ status: 400, param });
  });
});

describe("a client", () => {
  test("that never ends its head is given up", async () => {
    await using hasty = await serveHastily();
    const answer = await exchange(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nX-A: `, "b", hasty);
    expect(answer).toMatch(/^(HTTP\/1.1 408 |$)/);
    await expectAlive(hasty);
  });

  test("that goes away has its answer ended", async () => {
    const controller = new AbortController();
    const body = { ...hello, stream: true, max_tokens: 4000, logit_bias: endless() };
    const response = await tiny.post(path, body, { signal: controller.signal });
    await response.body!.getReader().read();
    expect(await running()).toBe(1);
    controller.abort();
    await expect.poll(running).toBe(0);
    expect(await metric('krait_generations_total{model="tiny",outcome="cancelled"}')).toBe(1);
  });

  test("that goes away before its whole answer is there has it ended, too", async () => {
    const controller = new AbortController();
    const body = { ...hello, max_tokens: 4000, logit_bias: endless() };
    const response = tiny.post(path, body, { signal: controller.signal });
    await expect.poll(running).toBe(1);
    controller.abort();
    await expect(response).rejects.toThrow(/abort/i);
    await expect.poll(running).toBe(0);
  });

  test("of another origin, or by another name of this machine, is refused", async () => {
    const page = { ...json, origin: "https://example.org" };
    expect(await refusal(await send(JSON.stringify(hello), page))).toMatchObject({ status: 403 });
    const rebound = await exchange(
      "GET /v1/models HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n",
    );
    expect(rebound).toMatch(/^HTTP\/1.1 403 /);
  });
});

test("an address that is none is told in the shape of the API", async () => {
  expect(await refusal(await fetch(`${tiny.server.url}/v1/nothing`))).toMatchObject({ status: 404 });
  const anthropic = await tiny.post("/v1/messages/nothing", {});
  expect(await anthropic.json()).toMatchObject({ type: "error", error: { type: "not_found_error" } });
});

test("an answer that takes too long is ended, on a stream by an event", async () => {
  await using hasty = await serveHastily();
  const post = (to: string, body: object) => postJson(hasty.url + to, body);
  const body = { ...hello, max_tokens: 4000, logit_bias: endless() };
  const whole = await post(path, body);
  expect(await refusal(whole)).toMatchObject({ status: 504, code: "timeout" });
  const events = await readEvents(await post(path, { ...body, stream: true }));
  expect(events.at(-1)!.data).toMatchObject({ error: { code: "timeout" } });
  const responses = { input: "Hello!", max_output_tokens: 4000, logit_bias: endless(), stream: true };
  const failed = await readEvents(await post("/v1/responses", responses));
  expect(failed.at(-1)!.data).toMatchObject({
    type: "response.failed",
    response: { status: "failed", error: { code: "timeout" } },
  });
});

/** Bans the end of the answer, so that it goes on. */
function endless(): Record<number, number> {
  return Object.fromEntries([2, 11, 12].map((token) => [token, -100]));
}

async function metric(sample: string): Promise<number> {
  const text = await (await fetch(`${tiny.server.url}/metrics`)).text();
  return Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`${sample} `))
      ?.slice(sample.length) ?? 0,
  );
}

const running = () => metric('krait_running{model="tiny"}');

/** Sends bytes, and then more of them every 200 ms if there are some; gives what comes back until the end. */
function exchange(head: string, drop?: string, { port }: RunningServer = tiny.server): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(head));
    const timer = setInterval(() => drop && socket.writable && socket.write(drop), 200);
    let received = "";
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      received += text;
      if (received.includes("\r\n\r\n")) socket.destroy();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (!["ECONNRESET", "EPIPE"].includes(error.code ?? "")) reject(error);
    });
    socket.on("close", () => {
      clearInterval(timer);
      resolve(received);
    });
  });
}
