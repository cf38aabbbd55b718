import type { Worker } from "node:worker_threads";
import type { Message } from "@krait/chat-template";
import { demoTools, toolSchema } from "krait";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startWorker } from "../test-support/start-worker.ts";
import { connectModel } from "./connect-model.ts";
import type { RemoteModel } from "./remote-model.ts";

const system: Message = { role: "system", content: "You are a helpful assistant, and you are brief." };
const user = (content: string): Message => ({ role: "user", content });
const greedy = { reasoning: "off", maxTokens: 20, sampling: { temperature: 0 } } as const;
/** Without a prefix cache, whatever is not read again was kept by a session. */
const alone = { backend: "wasm", maxContext: 1024, engine: { prefixCache: false } } as const;

let worker: Worker;
let remote: RemoteModel;
beforeAll(() => {
  worker = startWorker();
});
beforeEach(async () => {
  await remote?.[Symbol.asyncDispose]();
  remote = await connectModel(worker, undefined, alone);
});
afterAll(async () => {
  await remote[Symbol.asyncDispose]();
  await worker.terminate();
});

/** Rows that the engine read for an answer, without those of the answer's own tokens. */
async function rowsOf<T extends { usage: { completionTokens: number } }>(
  answer: () => Promise<T>,
): Promise<T & { rows: number }> {
  const before = (await remote.stats()).rows;
  const result = await answer();
  const { rows } = await remote.stats();
  return { ...result, rows: rows - before - (result.usage.completionTokens - 1) };
}

test("every branch of a session answers as its whole conversation does, and reads only what is new", async () => {
  await using session = await remote.openSession([system]);
  expect(session.messages).toEqual([system]);
  for (const question of ["What is 47 + 38?", "Who are you?"]) {
    const whole = await rowsOf(() => remote.chat([system, user(question)], greedy).result());
    const branch = await rowsOf(() => session.chat([user(question)], greedy).result());
    expect(branch.text).toBe(whole.text);
    expect(whole.rows).toBe(whole.usage.promptTokens);
    expect(branch.rows).toBe(whole.rows - branch.usage.cachedTokens);
    expect(branch.usage.cachedTokens).toBeGreaterThan(10);
  }
});

test("a fork and what grew from a session outlive it, and a closed one says so", async () => {
  const root = await remote.openSession([system]);
  const fork = await root.fork();
  const grown = await root.extend([user("Hello!")]);
  await root.close();
  await root.close();
  await expect(root.chat([user("Hello!")]).result()).rejects.toMatchObject({ code: "SESSION_CLOSED" });
  await expect(root.fork()).rejects.toMatchObject({ code: "SESSION_CLOSED" });
  expect(grown.messages).toEqual([system, user("Hello!")]);
  const answers = [fork.chat([user("Hello!")], greedy), grown.chat([], greedy)];
  const [first, second] = await Promise.all(answers.map((answer) => answer.result()));
  expect(first!.text).toBe(second!.text);
});

test("a session is stored, and taken up by another model", async () => {
  await using session = await remote.openSession([system, user("What is 47 + 38?")]);
  const { text } = await session.chat([], greedy).result();
  const bytes = await session.save();
  await using other = await connectModel(worker, undefined, { ...alone, maxContext: 512 });
  const restored = await other.loadSession(bytes);
  expect(restored.messages).toEqual(session.messages);
  const again = await restored.chat([], greedy).result();
  expect(again.text).toBe(text);
  expect(again.usage.cachedTokens).toBeGreaterThan(again.usage.promptTokens - 10);
  await expect(other.loadSession(bytes.subarray(0, 100))).rejects.toMatchObject({ code: "SESSION_INVALID" });
});

test("a session calls tools on this side", async () => {
  const tools = demoTools();
  await using session = await remote.openSession([system], { tools: tools.map(toolSchema) });
  const run = session.runTools([user("Weather in Paris?")], { tools, sampling: { temperature: 0 } });
  const { messages } = await run.result();
  expect(messages.map(({ role }) => role)).toEqual(["assistant", "tool", "assistant"]);
});

test("what is open is closed with its model, and opening ends with its signal", async () => {
  const { freePages } = await remote.stats();
  const controller = new AbortController();
  const opening = remote.openSession([system], { signal: controller.signal });
  controller.abort(new Error("enough"));
  await expect(opening).rejects.toThrow("enough");
  await expect.poll(async () => (await remote.stats()).freePages).toBe(freePages);

  // Two pages that share a model: what the one has open is free again when it leaves.
  const second = await connectModel(worker, undefined, alone);
  await second.openSession([system]);
  expect((await remote.stats()).freePages).toBeLessThan(freePages);
  await second[Symbol.asyncDispose]();
  expect((await remote.stats()).freePages).toBe(freePages);
});
