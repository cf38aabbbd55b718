import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { echoModel } from "../../test-support/echo-model.ts";
import { createHandler } from "../handler.ts";
import { serve } from "../node/serve.ts";
import { watchKeysFile } from "../node/watch-keys.ts";
import { AccessKeys } from "./access-keys.ts";
import type { AccessKey } from "./keys.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "krait-keys-"));
});
afterEach(() => rm(folder, { recursive: true }));

const alice = { name: "alice", key: "one" };
const bob = { name: "bob", key: "two" };

function served(keys: AccessKeys) {
  const handler = createHandler([echoModel(0)], { keys });
  const ask = (key: string) =>
    handler(
      new Request("http://localhost/v1/chat/completions", {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
        body: JSON.stringify({ messages: [{ role: "user", content: "Hello!" }] }),
      }),
    );
  return { ask, status: async (key: string) => (await ask(key)).status };
}

test("keys are replaced all at once or not at all", async () => {
  const keys = new AccessKeys([alice]);
  const { status } = served(keys);
  const statuses = async () => [await status("one"), await status("two")];
  expect(await statuses()).toEqual([200, 401]);
  await keys.replace([bob]);
  expect(await statuses()).toEqual([401, 200]);
  for (const wrong of [
    [alice, alice],
    [alice, { name: "carol" }],
    [alice, { ...bob, key: "one" }],
  ]) {
    await expect(keys.replace(wrong)).rejects.toThrow(TypeError);
    expect(await statuses()).toEqual([401, 200]);
  }
  await keys.replace([]);
  expect(await statuses()).toEqual([401, 401]);
});

test("a server that was begun without keys stays open, and says so", async () => {
  const keys = new AccessKeys([]);
  await expect(keys.replace([alice])).rejects.toThrow(/begun without keys/);
  expect(await served(keys).status("whatever")).toBe(200);
});

test("what a client has used counts on under other limits, and under another key", async () => {
  // An allowance refills as time goes by, however long the answers take.
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const limited = (more: Partial<AccessKey>): AccessKey => ({ ...alice, ...more });
  const keys = new AccessKeys([limited({ requestsPerMinute: 2, tokensPerDay: 4 })]);
  const { ask, status } = served(keys);
  // Each request takes two tokens of the four.
  expect(await status("one")).toBe(200);
  await keys.replace([limited({ key: "new", requestsPerMinute: 2, tokensPerDay: 4 })]);
  const second = await ask("new");
  expect(second.headers.get("x-ratelimit-remaining-requests")).toBe("0");
  expect(second.status).toBe(200);
  await keys.replace([limited({ tokensPerDay: 4 })]);
  expect(await (await ask("one")).json()).toMatchObject({ error: { type: "insufficient_quota" } });
  await keys.replace([limited({ tokensPerDay: 100, requestsPerMinute: 9 })]);
  const third = await ask("one");
  expect(third.status).toBe(200);
  expect(third.headers.get("x-ratelimit-remaining-requests")).toBe("8");
});

test("a file of keys is read anew when it is changed or replaced, and a broken one changes nothing", async () => {
  const path = join(folder, "keys.json");
  const text = (...keys: AccessKey[]) => JSON.stringify({ keys });
  const always = { name: "always", key: "here" };
  const keys = new AccessKeys([alice, always]);
  const troubles: string[] = [];
  const onTrouble = (error: unknown): void => void troubles.push(String(error));
  const told: number[] = [];
  const onRead = (count: number): void => void told.push(count);
  await writeFile(path, text(bob));
  // It has changed already, since the keys were read.
  using watch = watchKeysFile(path, keys, { always: [always], intervalSeconds: 0.02, onRead, onTrouble });
  const names = async () =>
    (await Promise.all(["one", "two", "here"].map((key) => keys.find(key)))).map((key) => key?.name);
  await expect.poll(names).toEqual([undefined, "bob", "always"]);
  await writeFile(join(folder, "next.json"), text(alice));
  await rename(join(folder, "next.json"), path);
  await expect.poll(names).toEqual(["alice", undefined, "always"]);
  await writeFile(path, text(bob));
  await expect.poll(names).toEqual([undefined, "bob", "always"]);
  await watch.read();
  expect(told).toEqual([2, 2, 2]);
  await writeFile(path, text(bob).slice(0, -5));
  await expect.poll(() => troubles.length).toBeGreaterThan(0);
  expect(troubles.at(-1)).toMatch(/not JSON/);
  expect(await names()).toEqual([undefined, "bob", "always"]);
  await rm(path);
  await watch.read();
  expect(troubles.at(-1)).toMatch(/ENOENT/);
  expect(await names()).toEqual([undefined, "bob", "always"]);
  await writeFile(path, text(alice, bob));
  await expect.poll(names).toEqual(["alice", "bob", "always"]);
});

test("a server is not begun with keys that are none", async () => {
  await expect(serve([echoModel(0)], { port: 0, keys: [alice, alice] })).rejects.toThrow(/same name/);
});
