import { readFileSync } from "node:fs";
import { createWasmBackend } from "@krait/backend-wasm";
import type { Message } from "@krait/chat-template";
import { type WatchedBackend, watchBackend } from "@krait/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { ChatModel } from "./chat-model.ts";
import { demoTools } from "./demo-tools.ts";
import { loadModel } from "./load-model.ts";
import { toolSchema } from "./run-tools.ts";

let watched: WatchedBackend;
let model: ChatModel;
beforeAll(async () => {
  watched = watchBackend(await createWasmBackend({ threads: 1 }));
  // Without a prefix cache, whatever is not read again was kept by a session.
  model = await loadModel(undefined, {
    ...{ backend: watched.backend, maxContext: 1024 },
    engine: { prefixCache: false },
  });
});
afterAll(() => model[Symbol.asyncDispose]());

const system: Message = { role: "system", content: "You are a helpful assistant, and you are brief." };
const user = (content: string): Message => ({ role: "user", content });
const greedy = { reasoning: "off", maxTokens: 20, sampling: { temperature: 0 } } as const;

/** What the backend read to have it: rows without those of the answer's own tokens, which are read one by one. */
async function read<T extends { usage: { completionTokens: number } }>(
  work: Promise<T>,
): Promise<T & { rows: number }> {
  const before = watched.rows;
  const result = await work;
  return { ...result, rows: watched.rows - before - (result.usage.completionTokens - 1) };
}

test("every answer of a session is that of its whole conversation, and reads only what is new", async () => {
  const conversation = [system, user("What is 47 + 38?")];
  using session = await model.openSession(conversation);
  expect(session.messages).toEqual(conversation);
  for (const options of [
    greedy,
    { ...greedy, reasoning: "on" },
    { ...greedy, sampling: { seed: 3 } },
  ] as const) {
    const own = await read(session.chat([], options).result());
    const whole = await read(model.chat(conversation, options).result());
    expect([own.text, own.reasoning]).toEqual([whole.text, whole.reasoning]);
    expect(own.usage.promptTokens).toBe(whole.usage.promptTokens);
    // The last token that is kept, and what starts the answer.
    expect(own.rows).toBeLessThan(10);
    expect(whole.rows).toBe(whole.usage.promptTokens);
  }
});

test("sessions are a tree of conversations, each of which may be closed on its own", async () => {
  const root = await model.openSession([system]);
  const question = user("What is 20 + 30?");
  const answer = (await root.chat([question], greedy).result()).message;
  const before = watched.rows;
  const second = await root.extend([question, answer]);
  const grown = watched.rows - before;
  const fork = second.fork();
  root.close();
  expect(() => root.chat([question])).toThrow(expect.objectContaining({ code: "SEQUENCE_CLOSED" }));
  second.close();
  const next = user("Thank you, bye!");
  const got = await read(fork.chat([next], greedy).result());
  const want = await read(model.chat([system, question, answer, next], greedy).result());
  expect(got.text).toBe(want.text);
  expect(fork.messages).toEqual([system, question, answer]);
  expect(grown).toBeLessThan(want.rows);
  expect(got.rows).toBeLessThan(want.rows - grown + 2);
  fork.close();
  expect(model.engine.stats.pages.free).toBe(model.engine.stats.pages.total);
});

test("several answers at once come from the one reading", async () => {
  using session = await model.openSession([user("Tell me something.")]);
  const before = watched.rows;
  const options = { ...greedy, n: 3, sampling: { temperature: 1.5, seed: 1 } } as const;
  const { choices } = await session.chat([], options).result();
  const answered = choices!.reduce((sum, { usage }) => sum + usage.completionTokens, 0);
  expect(watched.rows - before).toBeLessThan(answered + 10);
  expect(new Set(choices!.map(({ text }) => text)).size).toBeGreaterThan(1);
});

test("a saved conversation goes on elsewhere: messages, tools and states", async () => {
  const tools = demoTools();
  const conversation = [user("What is the weather in Paris?")];
  using session = await model.openSession(conversation, { tools: tools.map(toolSchema) });
  const bytes = await session.save();
  const other = watchBackend(await createWasmBackend({ threads: 1 }));
  await using elsewhere = await loadModel(undefined, { backend: other.backend, maxContext: 512 });
  using restored = elsewhere.loadSession(bytes);
  expect(restored.messages).toEqual(conversation);
  expect(restored.tools).toEqual(tools.map(toolSchema));
  const options = { tools, ...greedy, maxTokens: 60 };
  const run = await restored.runTools([], options).result();
  expect(run.messages).toMatchObject([
    { tool_calls: [{ function: { name: "get_weather" } }] },
    { role: "tool" },
    {},
  ]);
  const whole = await model.runTools(conversation, options).result();
  expect(run.text).toBe(whole.text);
  const tokens = await read(restored.chat([], greedy).result());
  expect(tokens.usage.cachedTokens).toBeGreaterThan(tokens.usage.promptTokens - 10);
  expect(await restored.save()).toEqual(bytes);
});

test("with other tools than a session was read with everything is read, and the answer is right", async () => {
  const conversation = [user("What is the weather in Paris?")];
  using session = await model.openSession(conversation);
  const options = { ...greedy, tools: demoTools().map(toolSchema), maxTokens: 60 };
  const got = await read(session.chat([], options).result());
  const want = await read(model.chat(conversation, options).result());
  expect(got.toolCalls.map(({ name }) => name)).toEqual(["get_weather"]);
  expect([got.text, got.rows]).toEqual([want.text, want.rows]);
});

test("a session of tokens alone is no conversation, and is refused without a trace", async () => {
  using session = await model.engine.openSession([20, 21, 22]);
  const { held } = model.engine.pool.snapshots;
  const bytes = await session.save();
  expect(() => model.loadSession(bytes)).toThrow(expect.objectContaining({ code: "SESSION_INVALID" }));
  expect(model.engine.pool.snapshots.held).toBe(held);
  expect(() => model.loadSession(bytes.slice(1))).toThrow(
    expect.objectContaining({ code: "SESSION_INVALID" }),
  );
});

test("the README's example of sessions is a file, and runs", async () => {
  const file = new URL("../examples/sessions.ts", import.meta.url);
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  expect(readme).toContain(`\`\`\`ts\n${readFileSync(file, "utf8")}\`\`\`\n`);
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import(file.href);
  expect(log).toHaveBeenCalledWith(
    expect.any(String),
    expect.stringMatching(/\([1-9]\d* of \d+ prompt tokens/),
  );
});
