import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { startTiny } from "../../test-support/running-server.ts";
import type { Ledger } from "../accounting/ledger.ts";
import { keysInText, readKeysFile } from "../node/read-keys.ts";
import { serve } from "../node/serve.ts";
import { Allowance } from "./allowance.ts";
import { createKeyRing, equalBytes } from "./keys.ts";

// SHA-256 of "abc": FIPS 180-2, appendix B.1.
const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

describe("a key ring", () => {
  test("finds whose key it is, by the key or by its digest, and nobody for another", async () => {
    const ring = await createKeyRing([
      { name: "alice", key: "one" },
      { name: "bob", sha256: abc },
    ]);
    expect((await ring.find("one"))?.name).toBe("alice");
    expect((await ring.find("abc"))?.name).toBe("bob");
    for (const wrong of ["", "on", "one ", "two", abc]) expect(await ring.find(wrong)).toBeUndefined();
  });

  test.each([
    [[{ name: "a" }], /either "key"/],
    [[{ name: "a", key: "x", sha256: abc }], /either "key"/],
    [[{ name: "a", sha256: "ab" }], /64 hexadecimal/],
    [
      [
        { name: "a", key: "x" },
        { name: "a", key: "y" },
      ],
      /same name/,
    ],
    [
      [
        { name: "a", key: "abc" },
        { name: "b", sha256: abc },
      ],
      /same key/,
    ],
  ])("of %j is refused", async (keys, message) => {
    await expect(createKeyRing(keys)).rejects.toThrow(message);
  });

  test("compares all bytes", () => {
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 3))).toBe(false);
  });
});

describe("an allowance", () => {
  const start = Date.UTC(2026, 0, 1, 12);
  const about = (seconds: number) => expect.closeTo(seconds, 3);
  const limitOf = (allowance: Allowance, now: number) => {
    try {
      allowance.admit(now);
      return undefined;
    } catch (error) {
      return error;
    }
  };

  test("of requests refills steadily", () => {
    const allowance = new Allowance({ name: "a", requestsPerMinute: 2 }, start);
    expect(limitOf(allowance, start)).toBeUndefined();
    expect(limitOf(allowance, start)).toBeUndefined();
    expect(limitOf(allowance, start)).toMatchObject({ kind: "rateLimit", retryAfterSeconds: about(30) });
    expect(limitOf(allowance, start + 29_000)).toMatchObject({ retryAfterSeconds: about(1) });
    expect(limitOf(allowance, start + 30_000)).toBeUndefined();
    expect(limitOf(allowance, start + 30_001)).toBeDefined();
  });

  test("of tokens can be overdrawn, and is then waited for", () => {
    const allowance = new Allowance({ name: "a", tokensPerMinute: 60 }, start);
    allowance.spend(90, start);
    expect(limitOf(allowance, start)).toMatchObject({ kind: "rateLimit", retryAfterSeconds: about(31) });
    expect(limitOf(allowance, start + 31_000)).toBeUndefined();
    expect(allowance.headers(start + 31_000)).toEqual({
      "x-ratelimit-limit-tokens": "60",
      "x-ratelimit-remaining-tokens": "1",
    });
  });

  test("of a day ends with it", () => {
    const allowance = new Allowance({ name: "a", tokensPerDay: 100 }, start, 40);
    allowance.spend(59, start);
    expect(limitOf(allowance, start)).toBeUndefined();
    allowance.spend(1, start);
    expect(limitOf(allowance, start)).toMatchObject({ kind: "quota", retryAfterSeconds: 12 * 3600 });
    expect(limitOf(allowance, start + 12 * 3_600_000)).toBeUndefined();
  });
});

describe("a server with keys", () => {
  const completion = { prompt: "Hello", max_tokens: 2 };
  const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

  test("lets in whoever has one, in the words of either API, and says no to all others", async () => {
    await using tiny = await startTiny({ keys: [{ name: "alice", key: "one" }] });
    const ask = (headers: Record<string, string>) => tiny.post("/v1/completions", completion, { headers });
    expect((await ask({ authorization: "Bearer one" })).status).toBe(200);
    expect((await ask({ authorization: "bearer one" })).status).toBe(200);
    expect((await ask({ "x-api-key": "one" })).status).toBe(200);
    const wrong = await ask({ authorization: "Bearer two" });
    expect(wrong.status).toBe(401);
    expect(await wrong.json()).toMatchObject({ error: { code: "invalid_api_key" } });
    const none = await ask({});
    expect(none.status).toBe(401);
    expect(none.headers.get("www-authenticate")).toBe("Bearer");
    const get = async (path: string) => (await fetch(tiny.server.url + path)).status;
    expect(await get("/health")).toBe(200);
    expect(await get("/ready")).toBe(200);
    expect(await get("/metrics")).toBe(401);
    expect(await get("/v1/models")).toBe(401);
  });

  test("holds each key to its limits, and says when to come again", async () => {
    const keys = [
      { name: "alice", key: "one", requestsPerMinute: 2 },
      { name: "bob", key: "two" },
    ];
    await using tiny = await startTiny({ keys });
    // An allowance refills as time goes by, however long the answers take.
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const first = await tiny.post("/v1/completions", completion, as("one"));
    expect(first.headers.get("x-ratelimit-remaining-requests")).toBe("1");
    await tiny.post("/v1/completions", completion, as("one"));
    const refused = await tiny.post("/v1/completions", completion, as("one"));
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("30");
    expect(await refused.json()).toMatchObject({ error: { type: "rate_limit_error" } });
    expect((await tiny.post("/v1/completions", completion, as("two"))).status).toBe(200);
  });

  test("counts a day's tokens from the ledger on, and each answer's as it ends", async () => {
    const known: Ledger = { record: () => {}, tokensSince: () => 99, pending: 0, isFull: false };
    const keys = [{ name: "alice", key: "one", tokensPerDay: 100 }];
    await using tiny = await startTiny({ keys, ledger: known });
    expect((await tiny.post("/v1/completions", completion, as("one"))).status).toBe(200);
    const refused = await tiny.post("/v1/completions", completion, as("one"));
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ error: { type: "insufficient_quota" } });
  });

  test("shows a stored response to its owner alone", async () => {
    const keys = [
      { name: "alice", key: "one" },
      { name: "bob", key: "two" },
    ];
    await using tiny = await startTiny({ keys });
    const made = await tiny.post("/v1/responses", { input: "Hello!" }, as("one"));
    const { id, output } = (await made.json()) as { id: string; output: { id: string }[] };
    const show = async (key: string) =>
      (await fetch(`${tiny.server.url}/v1/responses/${id}`, as(key))).status;
    expect(await show("two")).toBe(404);
    expect(await show("one")).toBe(200);
    const body = { input: "Again!", previous_response_id: id };
    expect((await tiny.post("/v1/responses", body, as("two"))).status).toBe(400);
    const input = [
      { type: "item_reference", id: output[0]!.id },
      { role: "user", content: "Again!" },
    ];
    const refer = async (key: string) => (await tiny.post("/v1/responses", { input }, as(key))).status;
    expect(await refer("two")).toBe(404);
    expect(await refer("one")).toBe(200);
  });

  test("is needed where other machines can reach it", async () => {
    await expect(serve([], { host: "0.0.0.0" })).rejects.toThrow(/needs keys/);
  });
});

test("pages of the origins that are named may use the server", async () => {
  await using tiny = await startTiny({ corsOrigins: ["https://example.org"] });
  const ask = (origin: string, init: RequestInit = {}) =>
    fetch(`${tiny.server.url}/v1/models`, { ...init, headers: { origin, ...init.headers } });
  const allowed = await ask("https://example.org");
  expect(allowed.headers.get("access-control-allow-origin")).toBe("https://example.org");
  const question = await ask("https://example.org", {
    method: "OPTIONS",
    headers: { "access-control-request-headers": "content-type" },
  });
  expect(question.status).toBe(204);
  expect(question.headers.get("access-control-allow-headers")).toBe("content-type");
  expect((await ask("https://example.com")).status).toBe(403);
  for (const never of ["https://example.org/", "example.org", ""]) {
    await expect(serve([tiny.model], { port: 0, corsOrigins: [never] })).rejects.toThrow(/corsOrigins/);
  }
});

test("keys are read from a file, whose faults are told by their path and without any key", async () => {
  const folder = await mkdtemp(join(tmpdir(), "krait-keys-"));
  const path = join(folder, "keys.json");
  try {
    await writeFile(path, JSON.stringify({ keys: [{ name: "a", key: "x", tokensPerDay: 5 }] }));
    expect(await readKeysFile(path)).toEqual([{ name: "a", key: "x", tokensPerDay: 5 }]);
    await writeFile(path, JSON.stringify({ keys: [{ name: "a", key: "x" }, { key: "hidden" }] }));
    await expect(readKeysFile(path)).rejects.toThrow(/keys\[1\]\.name/);
    await writeFile(path, '[{"name": "a", "key": "hidden"}]');
    await expect(readKeysFile(path)).rejects.toThrow('should be { "keys": [');
    await writeFile(path, '{"keys": [{"name": "a", "key": "hidden"');
    await expect(readKeysFile(path)).rejects.toThrow(/^(?!.*hidden).*not JSON/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("keys are read from a variable, with names or without", () => {
  expect(keysInText("alice:one, sk-two==,")).toEqual([
    { name: "alice", key: "one" },
    { name: "key-2", key: "sk-two==" },
  ]);
});

test("refusals have the request's id, in their body as in their head", async () => {
  await using open = await startTiny();
  await using closed = await startTiny({ keys: [{ name: "alice", key: "one" }] });
  const { hostname, port } = new URL(open.server.url);
  const foreign = new Request(`http://elsewhere.example:${port}/v1/models`);
  const refused = [
    [401, await fetch(`${closed.server.url}/v1/models`)],
    [401, await fetch(`${closed.server.url}/v1/models`, { headers: { authorization: "Bearer two" } })],
    [403, await fetch(`http://${hostname}:${port}/v1/models`, { headers: { origin: "http://a.example" } })],
    [403, await open.server.handler(foreign)],
    [404, await fetch(`${open.server.url}/nothing`)],
  ] as const;
  const ids = new Set<string>();
  for (const [status, response] of refused) {
    expect(response.status).toBe(status);
    const { request_id } = (await response.json()) as { request_id: string };
    expect(request_id).toMatch(/^req_[0-9a-f]{24}$/);
    expect(response.headers.get("x-request-id")).toBe(request_id);
    ids.add(request_id);
  }
  expect(ids.size).toBe(refused.length);
});
