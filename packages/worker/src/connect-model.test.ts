import type { Worker } from "node:worker_threads";
import type { ModelLocation } from "@krait/weights";
import { demoTools, loadModel } from "krait";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startWorker } from "../test-support/start-worker.ts";
import { type ConnectOptions, connectModel } from "./connect-model.ts";
import type { RemoteModel } from "./remote-model.ts";

const hello = [{ role: "user", content: "Hello!" }] as const;
const sum = [{ role: "user", content: "What is 47 + 38?" }] as const;
/** Greedy, so that two runs are alike, and on the backend whose bits do not depend on the machine. */
const greedy = { sampling: { temperature: 0 }, maxTokens: 120 } as const;
const backend = "wasm";

const collect = async <T>(events: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
};
/** Events without what takes another time in each run. */
const timeless = (events: readonly object[]) => events.map((event) => ({ ...event, timing: undefined }));

test("the browser is asked to keep what a worker will download, and for nothing else", async () => {
  const persist = vi.fn(async () => true);
  vi.stubGlobal("navigator", { storage: { persist } });
  const asked = async (...call: [location?: ModelLocation, options?: ConnectOptions]): Promise<number> => {
    persist.mockClear();
    const { port1, port2 } = new MessageChannel();
    const signal = AbortSignal.timeout(1);
    await expect(connectModel(port1, call[0], { ...call[1], signal })).rejects.toThrow();
    port1.close();
    port2.close();
    return persist.mock.calls.length;
  };
  try {
    expect(await asked("org/name")).toBe(1);
    expect(await asked(new URL("https://example.org/nano.gguf"))).toBe(1);
    expect(await asked("https://example.org/nano.gguf", { cache: false })).toBe(0);
    expect(await asked(new Map([["nano.gguf", new Blob()]]))).toBe(0);
    expect(await asked()).toBe(0);
  } finally {
    vi.unstubAllGlobals();
  }
});

describe("a model in a thread", () => {
  let worker: Worker;
  let remote: RemoteModel;
  beforeAll(async () => {
    worker = startWorker();
    remote = await connectModel(worker, undefined, { backend });
  });
  afterAll(async () => {
    await remote[Symbol.asyncDispose]();
    await worker.terminate();
  });

  test("gives the events and results of the same model here", async () => {
    const local = await loadModel(undefined, { backend });
    const options = { ...greedy, sampling: { temperature: 0, logprobs: 3 } };
    const here = await collect(local.chat(sum, options));
    const stream = remote.chat(sum, options);
    const there = await collect(stream);
    expect(timeless(there)).toEqual(timeless(here));
    expect(there.filter((event) => event.type === "token" && event.top?.length === 3).length).toBeGreaterThan(
      5,
    );
    expect((await stream.result()).text).toMatch(/85/);
    const complete = (model: Pick<RemoteModel, "complete">) => model.complete("The capital", greedy).result();
    expect({ ...(await complete(remote)), timing: 0 }).toEqual({ ...(await complete(local)), timing: 0 });
    expect(remote).toMatchObject({
      name: local.name,
      memory: local.memory,
      maxContext: local.maxContext,
      endTokens: local.endTokens,
      backend: { name: "wasm", software: false },
      architecture: { name: "nemotron_h", summary: local.architecture.summary },
    });
    await local[Symbol.asyncDispose]();
  });

  test("calls tools on this side, with what they close over", async () => {
    const called: unknown[] = [];
    const tools = demoTools().map((tool) => ({
      ...tool,
      execute: (args: Readonly<Record<string, unknown>>, context: { signal: AbortSignal | undefined }) => {
        called.push(args);
        return tool.execute(args, context);
      },
    }));
    const run = remote.runTools([{ role: "user", content: "Weather in Paris?" }], { tools, ...greedy });
    const events = await collect(run);
    expect(called).toEqual([{ city: "Paris" }]);
    expect(events.map(({ type }) => type)).toContain("tool-result");
    expect((await run.result()).messages.map(({ role }) => role)).toEqual(["assistant", "tool", "assistant"]);
  });

  test("holds answers to a format, and gives several", async () => {
    const format = { type: "choice", choices: ["yes", "no"] } as const;
    const result = await remote.chat(sum, { ...greedy, reasoning: "off", format, n: 2 }).result();
    expect(result.choices?.map(({ text }) => ["yes", "no"].includes(text))).toEqual([true, true]);
    const constraint = () => ({ mask: () => null, accept() {}, isFinished: false });
    await expect(remote.chat(sum, { constraint }).result()).rejects.toMatchObject({
      code: "OPTION_NOT_CLONEABLE",
      details: { option: "constraint" },
    });
  });

  test("ends the reasoning when told so", async () => {
    const stream = remote.chat(sum, greedy);
    const events: string[] = [];
    for await (const event of stream) {
      if (event.type === "reasoning-delta" && events.length === 0) stream.endThinking();
      if (event.type !== "token") events.push(event.type);
    }
    expect((await stream.result()).reasoningEnd).toMatch(/user|model/);
    const before = remote.chat(sum, greedy);
    before.endThinking();
    expect((await before.result()).reasoningEnd).toBe("user");
  });

  test("functions named on… are called here", async () => {
    const positions: number[] = [];
    await remote
      .chat(hello, {
        maxTokens: 4,
        onLogits(logits, position) {
          expect(logits).toBeInstanceOf(Float32Array);
          positions.push(position);
        },
      })
      .result();
    expect(positions.length).toBeGreaterThan(1);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
  });

  test("tokenizes, counts a prompt, and tells what it has done", async () => {
    const ids = await remote.tokenize("Hello <SPECIAL_12>");
    expect((await remote.tokenTexts(ids)).join("")).toBe("Hello <SPECIAL_12>");
    expect(await remote.tokenize("<SPECIAL_12>", { special: "parse" })).toHaveLength(1);
    const before = await remote.stats();
    const { usage } = await remote.chat(hello, { maxTokens: 2 }).result();
    expect(await remote.countTokens(hello)).toBe(usage.promptTokens);
    const after = await remote.stats();
    expect(after.promptTokens - before.promptTokens).toBe(usage.promptTokens);
    expect(after.freePages).toBeGreaterThan(0);
  });

  test("tells what the ops of a step take, and generates the same meanwhile", async () => {
    const { text } = await remote.chat(hello, greedy).result();
    const [times, timed] = await Promise.all([remote.stepTimes(), remote.chat(hello, greedy).result()]);
    expect(timed.text).toBe(text);
    const { rows, ops } = times!;
    expect(rows).toBeGreaterThan(0);
    const counts = Object.fromEntries(ops.map(({ name, count }) => [name, count]));
    expect(counts).toMatchObject({ ssmScan: 4, attention: 2, drawToken: 1 });
    expect(ops.map(({ seconds }) => seconds)).toEqual(
      ops.map(({ seconds }) => seconds).toSorted((a, b) => b - a),
    );
    const controller = new AbortController();
    const waiting = remote.stepTimes({ signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });

  test("an abort rejects with its reason, and the worker takes the next request", async () => {
    const controller = new AbortController();
    const stream = remote.chat(sum, { maxTokens: 100_000, ignoreEndTokens: true, signal: controller.signal });
    const read = async (): Promise<void> => {
      for await (const event of stream) if (event.type === "token") controller.abort(new Error("enough"));
    };
    await expect(read()).rejects.toThrow("enough");
    await expect(stream.result()).rejects.toThrow("enough");
    expect((await remote.chat(hello, { maxTokens: 3 }).result()).usage.completionTokens).toBe(3);
  });

  test("leaving the loop frees the sequence in the worker", async () => {
    const { freeSlots } = await remote.stats();
    for await (const event of remote.chat(sum, { maxTokens: 100_000, ignoreEndTokens: true })) {
      if (event.type === "token") break;
    }
    await remote.chat(hello, { maxTokens: 1 }).result();
    expect((await remote.stats()).freeSlots).toBeGreaterThanOrEqual(freeSlots - 1);
    expect((await remote.stats()).completionTokens).toBeLessThan(1500);
  });

  test("nothing is sent before the stream is read", async () => {
    const { requests } = await remote.stats();
    remote.chat(hello);
    expect((await remote.stats()).requests).toBe(requests);
  });

  test("errors keep their code and fields", async () => {
    const wrong = remote.chat(hello, { reasoning: "perhaps" as never });
    await expect(wrong.result()).rejects.toMatchObject({
      name: "ModelError",
      code: "OPTION_INVALID",
      details: { option: "reasoning", actual: "perhaps" },
    });
    const long = remote.chat([{ role: "user", content: "word ".repeat(90_000) }]);
    await expect(long.result()).rejects.toMatchObject({ code: "CONTEXT_EXCEEDED" });
    const unknown = connectModel(worker, undefined, { backend: "tpu" });
    await expect(unknown).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE", details: { name: "tpu" } });
  });

  test("an option that cannot be sent is refused by its name", async () => {
    const fetch = () => Promise.reject(new Error("never called"));
    await expect(connectModel(worker, undefined, { fetch } as never)).rejects.toMatchObject({
      code: "OPTION_NOT_CLONEABLE",
      details: { option: "fetch" },
    });
    const tools = [{ type: "function", function: { name: "f", parameters: {}, run: () => 1 } }];
    await expect(remote.chat(hello, { tools } as never).result()).rejects.toMatchObject({
      code: "OPTION_NOT_CLONEABLE",
      details: { option: "tools" },
    });
  });
});
