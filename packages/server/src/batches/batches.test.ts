import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI, { toFile } from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answersOf, startBatchProcess, submitBatch, untilBatch } from "../../test-support/batch-process.ts";
import { echoModel } from "../../test-support/echo-model.ts";
import { type OpenBatches, openBatches, type RunningServer, serve } from "../node/index.ts";

let folder: string;
let batches: OpenBatches;
let server: RunningServer;
let client: OpenAI;
let other: OpenAI;
let poor: OpenAI;
const troubles: unknown[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "krait-batches-"));
  batches = await openBatches({ folder: join(folder, "here"), onError: (error) => troubles.push(error) });
  const keys = [
    { name: "ann", key: "key-of-ann" },
    { name: "bob", key: "key-of-bob" },
    { name: "cid", key: "key-of-cid", tokensPerDay: 2 },
  ];
  server = await serve([echoModel(5)], { port: 0, keys, batches });
  const baseURL = `${server.url}/v1`;
  client = new OpenAI({ baseURL, apiKey: "key-of-ann", maxRetries: 0 });
  other = new OpenAI({ baseURL, apiKey: "key-of-bob", maxRetries: 0 });
  poor = new OpenAI({ baseURL, apiKey: "key-of-cid", maxRetries: 0 });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await batches[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
  expect(troubles).toEqual([]);
});

const create = (...lines: readonly unknown[]) => createFor(client, ...lines);

async function createFor(client: OpenAI, ...lines: readonly unknown[]): Promise<OpenAI.Batch> {
  const content = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
  const file = await client.files.create({
    file: await toFile(Buffer.from(content), "in.jsonl"),
    purpose: "batch",
  });
  return await client.batches.create({
    ...{ input_file_id: file.id, endpoint: "/v1/chat/completions", completion_window: "24h" },
    metadata: { of: "a test" },
  });
}

const line = (id: string, body: object) => ({
  custom_id: id,
  method: "POST",
  url: "/v1/chat/completions",
  body,
});
const question = (content: string) => ({ model: "echo", messages: [{ role: "user", content }] });
const hasEnded = ({ status }: OpenAI.Batch) =>
  ["completed", "failed", "cancelled", "expired"].includes(status);

async function errorsOf({ error_file_id }: OpenAI.Batch) {
  const text = await (await client.files.content(error_file_id!)).text();
  return text
    .trim()
    .split("\n")
    .map((row) => JSON.parse(row));
}

describe("a batch", () => {
  test("answers every line, those that are wrong among the errors", async () => {
    const made = await create(
      line("a", question("one")),
      line("b", { model: "echo" }),
      line("c", question("three")),
    );
    expect(made).toMatchObject({
      status: "in_progress",
      request_counts: { total: 3 },
      metadata: { of: "a test" },
    });
    const batch = await untilBatch(client, made.id, hasEnded);
    expect(batch).toMatchObject({
      status: "completed",
      request_counts: { total: 3, completed: 2, failed: 1 },
    });
    expect(await answersOf(client, batch)).toEqual(
      new Map([
        ["a", "You said: one"],
        ["c", "You said: three"],
      ]),
    );
    const errors = await (await client.files.content(batch.error_file_id!)).text();
    expect(JSON.parse(errors)).toMatchObject({
      custom_id: "b",
      response: { status_code: 400, body: { error: { param: "messages" } } },
    });
  });

  test.each<[string, unknown[], RegExp]>([
    ["no JSON", ["{"], /line|JSON/],
    ["an id twice", [line("a", question("1")), line("a", question("2"))], /custom_id/],
    ["another address", [{ ...line("a", {}), url: "/v1/completions" }], /url/],
    ["a stream", [line("a", { ...question("1"), stream: true })], /stream/],
    ["nothing", [""], /no lines/],
  ])("with %s in its file fails at once, and says in which line", async (_, lines, message) => {
    const batch = await create(...lines);
    expect(batch.status).toBe("failed");
    expect(batch.errors!.data![0]!.message).toMatch(message);
  });

  test("is its owner's alone, and so are its files", async () => {
    const batch = await create(line("a", question("secret")));
    await expect(other.batches.retrieve(batch.id)).rejects.toMatchObject({ status: 404 });
    await expect(other.files.content(batch.input_file_id)).rejects.toMatchObject({ status: 404 });
    expect((await other.batches.list()).data).toEqual([]);
    expect((await other.files.list()).data).toEqual([]);
    expect((await client.batches.list()).data.map(({ id }) => id)).toContain(batch.id);
  });

  test("that is cancelled keeps what it has, and cannot be cancelled again", async () => {
    const batch = await create(...Array.from({ length: 200 }, (_, i) => line(`${i}`, question(`${i}`))));
    await untilBatch(client, batch.id, ({ request_counts }) => request_counts!.completed > 3);
    await client.batches.cancel(batch.id);
    const ended = await untilBatch(client, batch.id, hasEnded);
    expect(ended.status).toBe("cancelled");
    const answers = await answersOf(client, ended);
    expect(answers.size).toBe(ended.request_counts!.completed);
    const left = await errorsOf(ended);
    expect(left.map(({ custom_id }) => custom_id)).toEqual(
      Array.from({ length: 200 }, (_, i) => String(i)).filter((id) => !answers.has(id)),
    );
    expect(left[0]).toMatchObject({ response: null, error: { code: "batch_cancelled" } });
    await expect(client.batches.cancel(batch.id)).rejects.toMatchObject({ status: 400 });
  });

  test("whose key has used its quota waits, and holds up nobody when it is cancelled", async () => {
    const waiting = await createFor(
      poor,
      ...Array.from({ length: 8 }, (_, i) => line(`${i}`, question(`${i}`))),
    );
    await untilBatch(poor, waiting.id, ({ request_counts }) => request_counts!.completed > 0);
    const free = await createFor(other, line("a", question("mine")));
    await poor.batches.cancel(waiting.id);
    expect((await untilBatch(other, free.id, hasEnded)).status).toBe("completed");
    expect((await poor.batches.retrieve(waiting.id)).request_counts!.failed).toBe(0);
  });

  test("keeps its input until it has ended", async () => {
    const batch = await create(...Array.from({ length: 100 }, (_, i) => line(`${i}`, question(`${i}`))));
    await expect(client.files.delete(batch.input_file_id)).rejects.toMatchObject({ code: "file_in_use" });
    await client.batches.cancel(batch.id);
    expect(await client.files.delete(batch.input_file_id)).toMatchObject({ deleted: true });
  });

  test("of one line for each of those at once ends once, many times over", async () => {
    const made = await Promise.all(
      Array.from({ length: 12 }, () => create(...["a", "b", "c", "d"].map((id) => line(id, question(id))))),
    );
    for (const { id } of made) {
      const batch = await untilBatch(client, id, hasEnded);
      expect([...(await answersOf(client, batch)).keys()]).toEqual(["a", "b", "c", "d"]);
    }
  });

  test("of a file that is not there, or for an address that has no batches, is refused", async () => {
    const request = {
      input_file_id: "file-none",
      endpoint: "/v1/chat/completions",
      completion_window: "24h",
    } as const;
    await expect(client.batches.create(request)).rejects.toMatchObject({
      status: 404,
      param: "input_file_id",
    });
    await expect(client.batches.create({ ...request, endpoint: "/v1/embeddings" })).rejects.toMatchObject({
      status: 400,
    });
  });
});

describe("a file", () => {
  test("is listed, downloaded and deleted", async () => {
    const file = await client.files.create({
      file: await toFile(Buffer.from("{}"), "x.jsonl"),
      purpose: "batch",
    });
    expect(file).toMatchObject({ filename: "x.jsonl", bytes: 2, purpose: "batch" });
    expect(await (await client.files.content(file.id)).text()).toBe("{}");
    expect(await client.files.delete(file.id)).toMatchObject({ deleted: true });
    await expect(client.files.retrieve(file.id)).rejects.toMatchObject({ status: 404 });
  });

  test("with an id that is a path is nowhere", async () => {
    const response = await fetch(`${server.url}/v1/files/..%2F..%2Fetc%2Fpasswd/content`, {
      headers: { authorization: "Bearer key-of-ann" },
    });
    expect(response.status).toBe(404);
  });
});

test("a server that is told to end leaves its lines to the next start, and has nothing to complain of", async () => {
  const path = join(folder, "ending");
  const complaints: unknown[] = [];
  const onError = (error: unknown) => complaints.push(error);
  let id: string;
  {
    await using kept = await openBatches({ folder: path, onError });
    await using ending = await serve([echoModel(20)], { port: 0, batches: kept, onError });
    const local = new OpenAI({ baseURL: `${ending.url}/v1`, apiKey: "none", maxRetries: 0 });
    id = (await createFor(local, ...["a", "b", "c", "d", "e", "f"].map((id) => line(id, question(id))))).id;
    await ending.close();
    expect(complaints).toEqual([]);
  }
  await using kept = await openBatches({ folder: path, onError });
  await using next = await serve([echoModel(1)], { port: 0, batches: kept, onError });
  const local = new OpenAI({ baseURL: `${next.url}/v1`, apiKey: "none", maxRetries: 0 });
  expect((await answersOf(local, await untilBatch(local, id, hasEnded))).size).toBe(6);
  expect(complaints).toEqual([]);
});

test("a batch that waits for its key's quota holds no place of others", async () => {
  await using kept = await openBatches({ folder: join(folder, "waiting"), concurrency: 1 });
  const keys = [
    { name: "cid", key: "key-of-cid", tokensPerDay: 2 },
    { name: "bob", key: "key-of-bob" },
  ];
  await using crowded = await serve([echoModel(1)], { port: 0, keys, batches: kept });
  const as = (apiKey: string) => new OpenAI({ baseURL: `${crowded.url}/v1`, apiKey, maxRetries: 0 });
  const [waiting, free] = [as("key-of-cid"), as("key-of-bob")];
  const lines = Array.from({ length: 20 }, (_, i) => line(`${i}`, question(`${i}`)));
  const { id } = await createFor(waiting, ...lines);
  await untilBatch(waiting, id, ({ request_counts }) => request_counts!.completed > 0);
  const ended = await untilBatch(free, (await createFor(free, ...lines)).id, hasEnded);
  expect(ended.request_counts).toEqual({ total: 20, completed: 20, failed: 0 });
  const { status, request_counts } = await waiting.batches.retrieve(id);
  expect(status).toBe("in_progress");
  expect(request_counts!.completed).toBeLessThanOrEqual(2);
});

test("a batch whose time is over expires, and says which lines were not run", async () => {
  const path = join(folder, "expiring");
  await using kept = await openBatches({ folder: path });
  const content = ["a", "b"].map((id) => JSON.stringify(line(id, question(id)))).join("\n");
  const file = { ...{ id: "file-1", name: "in", purpose: "batch" }, ...{ bytes: 1, created: 1, owner: "" } };
  await kept.store.addFile(file, new TextEncoder().encode(content));
  await kept.store.addBatch({
    ...{ id: "batch_1", owner: "", endpoint: "/v1/chat/completions", inputFile: "file-1", window: "24h" },
    ...{ status: "in_progress", metadata: null, total: 2, completed: 0, failed: 0, problems: [] },
    ...{ outputFile: null, errorFile: null, times: { created: 1 }, expires: 2 },
  });
  await kept.store.addResult("batch_1", 0, { customId: "a", status: 200, requestId: "", body: {} });
  await using late = await serve([echoModel(5)], { port: 0, batches: kept });
  const local = new OpenAI({ baseURL: `${late.url}/v1`, apiKey: "none", maxRetries: 0 });
  const batch = await untilBatch(local, "batch_1", hasEnded);
  expect(batch).toMatchObject({ status: "expired", request_counts: { total: 2, completed: 1, failed: 0 } });
  const left = await (await local.files.content(batch.error_file_id!)).text();
  expect(JSON.parse(left)).toMatchObject({
    custom_id: "b",
    response: null,
    error: { code: "batch_expired" },
  });
});

test("a server that is killed in the middle goes on where it was, with nothing lost or done twice", async () => {
  const options = { folder: join(folder, "killed") };
  const first = await startBatchProcess(options, 6);
  const id = await submitBatch(first.client, 40);
  // It is in the middle of lines that it will not answer.
  await untilBatch(first.client, id, ({ request_counts }) => request_counts!.completed === 6);
  await first.kill();
  const second = await startBatchProcess(options);
  try {
    const batch = await untilBatch(second.client, id, hasEnded);
    expect(batch).toMatchObject({
      status: "completed",
      request_counts: { total: 40, completed: 40, failed: 0 },
    });
    const answers = await answersOf(second.client, batch);
    expect(answers.size).toBe(40);
    for (let i = 0; i < 40; i++) expect(answers.get(`question-${i}`)).toBe(`You said: number ${i}`);
  } finally {
    await second.kill();
  }
});
