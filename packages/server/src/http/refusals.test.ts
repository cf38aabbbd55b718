import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { postJson, startTiny, type TinyServer } from "../../test-support/running-server.ts";
import { allowedMethods } from "./allowed-methods.ts";

let tiny: TinyServer;
beforeAll(async () => {
  tiny = await startTiny();
});
afterAll(() => tiny[Symbol.asyncDispose]());

const messages = [{ role: "user", content: "Hello!" }];

async function errorOf(response: Response): Promise<object> {
  const { error } = (await response.json()) as { error: object };
  return { status: response.status, ...error };
}

test("a method that an address does not have is told from an address that there is not", async () => {
  const ask = (method: string, path: string) => fetch(tiny.server.url + path, { method });
  const chat = await ask("GET", "/v1/chat/completions");
  expect(chat.headers.get("allow")).toBe("POST");
  expect(await errorOf(chat)).toMatchObject({
    status: 405,
    code: "method_not_allowed",
    type: "invalid_request_error",
  });
  const response = await ask("PUT", "/v1/responses/resp_1");
  expect(response.headers.get("allow")).toBe("DELETE, GET, HEAD");
  for (const path of ["/v1/chat/completions/x", "/v1/responses/a/b", "/", "/v1/chat.completions"]) {
    expect(await errorOf(await ask("GET", path))).toMatchObject({ status: 404, code: "unknown_url" });
  }
  expect((await ask("HEAD", "/v1/models")).status).toBe(200);
});

test("the methods of an address are those of every route that has it, and its special characters are its own", () => {
  const routes = [
    { method: "ALL", path: "*" },
    { method: "GET", path: "/a.b" },
    { method: "POST", path: "/a.b" },
    { method: "DELETE", path: "/c/:id{.+}" },
    { method: "PATCH", path: "/c/:id" },
  ];
  expect(allowedMethods(routes, "/a.b")).toEqual(["GET", "HEAD", "POST"]);
  expect(allowedMethods(routes, "/aXb")).toEqual([]);
  expect(allowedMethods(routes, "/c/d")).toEqual(["DELETE", "PATCH"]);
  expect(allowedMethods(routes, "/c/d/e")).toEqual(["DELETE"]);
});

test.each([
  ["/v1/chat/completions", "messages"],
  ["/apply-template", "messages"],
  ["/tokenize", "messages"],
  ["/v1/messages", "messages"],
  ["/v1/messages/count_tokens", "messages"],
  ["/v1/responses", "input"],
])("%s refuses more messages than can be rendered while others wait", async (path, field) => {
  const ask = (count: number) => {
    const list = Array.from({ length: count }, () => messages[0]);
    return postJson(tiny.server.url + path, { model: "tiny", max_tokens: 1, [field]: list });
  };
  expect(await errorOf(await ask(10_001))).toMatchObject({
    status: 400,
    message: `${field}: expected array to have <=10000 items.`,
  });
  expect((await ask(2)).status).toBe(200);
});

test("a body that is compressed is refused as that", async () => {
  const send = (encoding: string, body: string | Uint8Array<ArrayBuffer>) =>
    fetch(`${tiny.server.url}/v1/chat/completions`, {
      ...{ method: "POST", body },
      headers: { "content-type": "application/json", "content-encoding": encoding },
    });
  const text = JSON.stringify({ messages, max_tokens: 1 });
  expect(await errorOf(await send("gzip", new Uint8Array(gzipSync(text))))).toMatchObject({
    ...{ status: 415, code: "unsupported_content_encoding", message: expect.stringContaining("gzip") },
  });
  expect((await send("identity", text)).status).toBe(200);
});

test.each<[string, string, object, object]>([
  [
    "/v1/chat/completions",
    "more log-probabilities than none",
    { messages, top_logprobs: 2 },
    { param: "top_logprobs" },
  ],
  [
    "/v1/responses",
    "a truncation that there is not",
    { input: "Hi", truncation: "some" },
    { param: "truncation" },
  ],
  [
    "/v1/responses",
    "an item of a kind that there is not",
    { input: [{ type: "web_search_call", id: "ws_1" }] },
    { param: "input[0].type", message: expect.not.stringContaining("undefined") },
  ],
])("%s refuses %s", async (path, _, body, error) => {
  expect(await errorOf(await tiny.post(path, body))).toMatchObject({ status: 400, ...error });
});

test("cancelling a response says why it cannot be, or that there is none", async () => {
  const { id } = (await (await tiny.post("/v1/responses", { input: "Hello!" })).json()) as { id: string };
  const cancel = (id: string) => tiny.post(`/v1/responses/${id}/cancel`, {});
  expect(await errorOf(await cancel(id))).toMatchObject({ status: 400, code: "unsupported" });
  expect(await errorOf(await cancel("resp_0"))).toMatchObject({ status: 404 });
});
