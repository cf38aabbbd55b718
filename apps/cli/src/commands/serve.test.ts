import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { krait, kraitCommand, kraitEnvironment } from "../../test-support/krait-process.ts";
import { temporaryFolder } from "../../test-support/model-folders.ts";

interface Served {
  readonly process: ChildProcess;
  readonly url: string;
  stderr(): string;
}

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

async function serve(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Served> {
  const [node, ...rest] = kraitCommand;
  const child = spawn(node!, [...rest, "serve", "--port", "0", ...args], {
    env: { ...kraitEnvironment, XDG_DATA_HOME: join(tmpdir(), "krait-serve-test"), ...environment },
  });
  started.push(child);
  let stderr = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      const found = /served at (\S+)\/v1/.exec(stderr)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.on("close", (code) => reject(new Error(`ended with ${code}: ${stderr}`)));
  });
  return { process: child, url, stderr: () => stderr };
}

const complete = (url: string, body: object, headers: Record<string, string> = {}) =>
  fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ prompt: "Hello", max_tokens: 4, ...body }),
  });

/** Bans the end of the answer. */
const logit_bias = Object.fromEntries([2, 11, 12].map((token) => [token, -100]));

test("the embedded model is served until SIGTERM, and answers under way are finished", async () => {
  const { process: child, url } = await serve(["--grace", "300"]);
  const models = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] };
  expect(models.data.map(({ id }) => id)).toEqual(["krait-tiny"]);
  const answer = await complete(url, { stream: true, max_tokens: 200, logit_bias });
  child.kill("SIGTERM");
  expect(await answer.text()).toMatch(/"finish_reason":"length".*\[DONE\]\n\n$/s);
  expect(await once(child, "close")).toEqual([0, null]);
});

test("after kill -9 in the middle of an answer the ledger has what was done before, and goes on", async () => {
  await using folder = await temporaryFolder();
  const ledger = `${folder.path}/ledger.sqlite`;
  const rows = async () => (await krait(["ledger", ledger])).stdout.trimEnd().split("\r\n");
  const args = ["--ledger", ledger, "--price-in", "1", "--price-out", "2"];
  const first = await serve(args);
  for (let i = 0; i < 3; i++) expect((await complete(first.url, {})).status).toBe(200);
  const cut = await complete(first.url, { stream: true, max_tokens: 4000, logit_bias });
  await cut.body!.getReader().read();
  first.process.kill("SIGKILL");
  await once(first.process, "close");
  expect(await rows()).toHaveLength(1 + 3);

  const second = await serve(args);
  expect((await complete(second.url, {})).status).toBe(200);
  second.process.kill("SIGTERM");
  await once(second.process, "close");
  const [names, ...entries] = await rows();
  expect(entries).toHaveLength(4);
  expect(new Set(entries.map((row) => row.split(",")[0])).size).toBe(4);
  expect(names).toMatch(/^id,time,key,/);
  const { stdout } = await krait(["ledger", ledger, "--summary"]);
  const [, summary] = stdout.trimEnd().split("\r\n");
  const [key, model, requests, prompt, cached, completion, , cost] = summary!.split(",");
  expect([key, model, requests, completion]).toEqual(["", "krait-tiny", "4", "16"]);
  expect(Number(cost)).toBeCloseTo((Number(prompt) + 2 * Number(completion)) / 1e6, 9);
  expect(Number(cached)).toBeLessThan(Number(prompt));
});

test("other machines are served only whoever has a key", async () => {
  const open = await krait(["serve", "--port", "0", "--host", "0.0.0.0"]);
  expect(open.exitCode).toBe(1);
  expect(open.stderr).toMatch(/needs keys/);
  const { url } = await serve(["--host", "0.0.0.0"], { KRAIT_API_KEYS: "alice:one" });
  const local = url.replace("0.0.0.0", "127.0.0.1");
  expect((await complete(local, {})).status).toBe(401);
  expect((await complete(local, {}, { authorization: "Bearer one" })).status).toBe(200);
});

test("a file without keys lets nobody in, and no server begin", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "keys.json");
  await writeFile(path, '{"keys": []}');
  const { exitCode, stderr } = await krait(["serve", "--port", "0", "--keys", path]);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/no keys in .*keys\.json/);
});

test("a file of keys is read anew on SIGHUP and when it changes, and one that is broken changes nothing", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "keys.json");
  const write = (...keys: string[]) =>
    writeFile(path, JSON.stringify({ keys: keys.map((key) => ({ name: key, key })) }));
  await write("one");
  const { process: child, url, stderr } = await serve(["--keys", path], { KRAIT_API_KEYS: "always:here" });
  const status = async (key: string) =>
    (await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status;
  expect([await status("one"), await status("two"), await status("here")]).toEqual([200, 401, 200]);
  await write("two");
  child.kill("SIGHUP");
  await expect.poll(() => status("two")).toBe(200);
  expect([await status("one"), await status("here")]).toEqual([401, 200]);
  await writeFile(path, "{ broken");
  await expect.poll(stderr).toMatch(/The keys stay as they are.*not JSON/);
  expect([await status("two"), await status("here")]).toEqual([200, 200]);
  await write("two", "three");
  await expect.poll(() => status("three")).toBe(200);
  expect(stderr()).not.toMatch(/"?(one|two|three)"?/);
});

test("another server can compute the answers, with the template and parsing done here", async () => {
  const behind = await serve([]);
  const gone = await serve([]);
  gone.process.kill("SIGKILL");
  await once(gone.process, "close");
  const upstreams = [behind.url, gone.url].flatMap((url) => ["--upstream", url]);
  const front = await serve([...upstreams, "--id", "front", "--upstream-model", "krait-tiny"]);
  expect(front.stderr()).toContain(`The upstream ${gone.url} cannot be reached: `);
  const ask = async (url: string, path = "/v1/chat/completions") => {
    const body = { messages: [{ role: "user", content: "What is 47 + 38?" }], temperature: 0 };
    const headers = { "content-type": "application/json" };
    const response = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
    return (await response.json()) as { choices: { message: object }[] };
  };
  const [direct, through] = [await ask(behind.url), await ask(front.url)];
  expect(through.choices[0]!.message).toEqual(direct.choices[0]!.message);
  expect(direct.choices[0]!.message).toMatchObject({ content: expect.stringContaining("85") });
});

test("another server that takes a request and says nothing is given up", async () => {
  const behind = createServer((request, response) => {
    if (request.url !== "/v1/completions") response.end("{}");
  });
  await once(behind.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(behind.address() as AddressInfo).port}`;
  try {
    const front = await serve(["--upstream", url, "--upstream-silence", "1"]);
    const response = await complete(front.url, {});
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ error: { code: "upstream_timeout" } });
    expect(front.stderr()).toContain(`The upstream ${url} has said nothing for 1 seconds.`);
  } finally {
    behind.closeAllConnections();
    behind.close();
  }
});

test("batches are kept in the folder that is named, and one that is in use is an error", async () => {
  await using folder = await temporaryFolder();
  const first = await serve(["--batches", folder.path]);
  expect((await fetch(`${first.url}/v1/batches`)).status).toBe(200);
  await expect(serve(["--batches", folder.path])).rejects.toThrow(/keeps its batches in/);
});
