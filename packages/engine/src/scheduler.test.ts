import { expect, test } from "vitest";
import { collect, scriptedEngine, tokensOf } from "../testing/generate.ts";
import { continuation, hashing, promptOf } from "../testing/hashing-script.ts";
import type { ScriptedSizes } from "../testing/scripted-model.ts";
import type { Engine } from "./engine.ts";
import type { EngineOptions } from "./engine-options.ts";
import type { FinishEvent } from "./events.ts";
import type { GenerateRequest } from "./request.ts";
import type { EngineEvent } from "./telemetry.ts";

const open = (sizes: ScriptedSizes = {}, options: EngineOptions = {}) =>
  scriptedEngine(hashing, sizes, { tokenizer: undefined, endTokens: [], ...options });

async function run(engine: Engine, request: GenerateRequest): Promise<number[]> {
  return tokensOf(await collect(engine.generate(request))).map(({ token }) => token);
}

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

test.each([false, true])(
  "64 streams take at most 1.1 times the steps of the longest (looking ahead: %s)",
  async (asDevice) => {
    const sizes = { slots: 64, rows: 256, pages: 1000, asDevice };
    const lengths = Array.from({ length: 64 }, (_, index) => 60 + ((index * 37) % 141));
    const request = (index: number) => ({
      prompt: promptOf(index, 10 + (index % 20)),
      maxTokens: lengths[index]!,
    });
    const longest = lengths.indexOf(Math.max(...lengths));
    const alone = await open(sizes);
    await run(alone.engine, request(longest));
    const together = await open(sizes);
    const answers = await Promise.all(lengths.map((_, index) => run(together.engine, request(index))));
    for (const [index, answer] of answers.entries()) {
      expect(answer).toEqual(continuation(hashing, request(index).prompt, lengths[index]!));
    }
    expect(together.engine.stats.steps).toBeLessThanOrEqual(1.1 * alone.engine.stats.steps);
    expect(together.engine.stats).toMatchObject({ running: 0, queued: 0, finished: 64, slots: { free: 64 } });
  },
);

test.each([false, true])(
  "while a long prompt is read a running answer has a row in every step (looking ahead: %s)",
  async (asDevice) => {
    const prefillRows = 24;
    const { engine, steps } = await open({ rows: 64, asDevice }, { prefillRows });
    const answer = run(engine, { prompt: promptOf(1, 5), maxTokens: 100 });
    await turns(10);
    const start = steps.length;
    const long = run(engine, { prompt: promptOf(2, 1000), maxTokens: 1 });
    await Promise.all([answer, long]);
    const mixed = steps.slice(start).filter(({ parts }) => parts.length === 2);
    expect(mixed.length).toBeGreaterThanOrEqual(1000 / prefillRows - 1);
    const until = steps.findLastIndex(({ parts }) =>
      parts.some(({ slot }) => slot === steps[start - 1]!.parts[0]!.slot),
    );
    for (const { parts } of steps.slice(start, until)) {
      const [row] = parts.filter(({ tokens }) => tokens.length === 1);
      expect(row).toBeDefined();
      const prompts = parts.filter((part) => part !== row).flatMap(({ tokens }) => tokens);
      expect(prompts.length).toBeLessThanOrEqual(prefillRows);
    }
  },
);

test("a short prompt does not wait for a long one that came before it", async () => {
  const { engine, steps } = await open({ rows: 64, maxContext: 4096, pages: 400 });
  const long = run(engine, { prompt: promptOf(1, 3000), maxTokens: 1 });
  await turns(4);
  const before = steps.length;
  await run(engine, { prompt: promptOf(2, 30), maxTokens: 1 });
  expect(steps.length - before).toBeLessThanOrEqual(3);
  await long;
});

test("more answers than a step has outputs take turns", async () => {
  const { engine, steps } = await open({ slots: 6, rows: 16, outputRows: 4 });
  const prompts = [1, 2, 3, 4, 5, 6].map((seed) => promptOf(seed, 6));
  const answers = await Promise.all(prompts.map((prompt) => run(engine, { prompt, maxTokens: 40 })));
  for (const [index, prompt] of prompts.entries()) {
    expect(answers[index]).toEqual(continuation(hashing, prompt, 40));
  }
  expect(steps.length).toBeLessThanOrEqual((6 * 40) / 4 + 10);
});

test("requests beyond the queue are refused with both numbers, and the others are served in their order", async () => {
  const { engine } = await open({ slots: 1 }, { maxQueue: 2 });
  const order: number[] = [];
  const late = engine.generate({ prompt: [5] });
  const served = [0, 1, 2].map(async (index) => {
    await run(engine, { prompt: promptOf(index, 4), maxTokens: 20 });
    order.push(index);
  });
  await turns(2);
  const full = expect.objectContaining({ code: "QUEUE_FULL", details: { queued: 2, maxQueue: 2 } });
  expect(() => engine.generate({ prompt: [5] })).toThrow(full);
  await expect(collect(late)).rejects.toEqual(full);
  await Promise.all(served);
  expect(order).toEqual([0, 1, 2]);
});

test("a request that is not done in time ends, whether it runs or waits, and the others go on", async () => {
  const { engine } = await open({ slots: 1, maxContext: 100_000, pages: 4000 });
  const running = collect(engine.generate({ id: "slow", prompt: promptOf(1, 4), deadlineSeconds: 0.05 }));
  const waiting = collect(engine.generate({ prompt: promptOf(2, 4), deadlineSeconds: 0.02 }));
  const patient = run(engine, { prompt: promptOf(3, 4), maxTokens: 5 });
  // On a machine that was away for a while both are over at once.
  await Promise.all([
    expect(waiting).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" }),
    expect(running).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      details: { id: "slow", deadlineSeconds: 0.05 },
    }),
  ]);
  expect(await patient).toEqual(continuation(hashing, promptOf(3, 4), 5));
  expect(engine.stats).toMatchObject({ failed: 2, finished: 1, running: 0, queued: 0 });
});

test("cancelling frees slot and pages at once, in the middle of a prompt or an answer, by signal or by leaving", async () => {
  const { engine } = await open({ rows: 8 }, { prefixCache: false });
  const { freeSlots, freePages } = engine.pool;
  for (const turnsBefore of [3, 60]) {
    for (const leaves of [false, true]) {
      const controller = new AbortController();
      const stream = engine.generate({ prompt: promptOf(1, 200), signal: controller.signal });
      const iterator = stream[Symbol.asyncIterator]();
      await iterator.next();
      await turns(turnsBefore);
      expect(engine.pool.freePages).toBeLessThan(freePages);
      if (leaves) void iterator.return?.();
      else controller.abort(new Error("enough"));
      expect(engine.pool).toMatchObject({ freeSlots, freePages });
      if (!leaves) await expect(iterator.next()).rejects.toThrow("enough");
    }
  }
  expect(engine.stats).toMatchObject({ cancelled: 4, running: 0 });
});

test("a reader who does not read holds up only himself", async () => {
  const { engine } = await open();
  const idle = engine.generate({ prompt: promptOf(1, 4), maxTokens: 1500 })[Symbol.asyncIterator]();
  await idle.next();
  expect(await run(engine, { prompt: promptOf(2, 4), maxTokens: 900 })).toHaveLength(900);
  const steps = engine.stats.steps;
  await turns(20);
  expect(engine.stats.steps).toBe(steps);
  const rest: number[] = [];
  for (let event = await idle.next(); !event.done; event = await idle.next()) {
    if (event.value.type === "token") rest.push(event.value.token);
  }
  expect(rest).toEqual(continuation(hashing, promptOf(1, 4), 1500));
});

test("sequences that outgrow the pages give way to older ones, and nobody's answer changes", async () => {
  const { engine } = await open({ slots: 4, pages: 12 });
  const prompts = [1, 2, 3, 4].map((seed) => promptOf(seed, 40));
  const answers = await Promise.all(prompts.map((prompt) => run(engine, { prompt, maxTokens: 150 })));
  for (const [index, prompt] of prompts.entries()) {
    expect(answers[index]).toEqual(continuation(hashing, prompt, 150));
  }
  expect(engine.stats.preemptions).toBeGreaterThan(0);
});

test("a prompt that finds no page keeps no older answer from going on where each has steps of its own", async () => {
  const sizes = { slots: 2, rows: 4, pages: 15 };
  const { engine } = await open(sizes, { deterministic: true, prefixCache: false });
  const [older, younger] = [promptOf(1, 33), promptOf(2, 400)];
  const answer = run(engine, { prompt: older, maxTokens: 150 });
  await turns(4);
  // There is room for the prompt when it is placed; the answer takes the last pages of it as it grows.
  const late = run(engine, { prompt: younger, maxTokens: 5 });
  expect(await answer).toEqual(continuation(hashing, older, 150));
  expect(await late).toEqual(continuation(hashing, younger, 5));
});

test("several answers share the reading of their prompt", async () => {
  for (const length of [1, 100]) {
    const { engine, read } = await open({ rows: 32 });
    const prompt = promptOf(1, length);
    const events = await collect(engine.generate({ prompt, n: 3, maxTokens: 8 }));
    const finishes = events.filter((event) => event.type === "finish") as (FinishEvent & {
      choice: number;
    })[];
    expect(finishes.map(({ choice }) => choice).sort()).toEqual([0, 1, 2]);
    const cached = finishes.map(({ choice, usage }) => [choice, usage.cachedTokens] as const);
    expect(new Map(cached)).toEqual(
      new Map([
        [0, 0],
        [1, length - 1],
        [2, length - 1],
      ]),
    );
    for (const choice of [0, 1, 2]) {
      const answer = tokensOf(events.filter((event) => event.choice === choice));
      expect(answer.map(({ token }) => token)).toEqual(continuation(hashing, prompt, 8));
    }
    // The last token of the prompt is read by each, and what each generates but its last token.
    expect(read).toHaveLength(length - 1 + 3 + 3 * 7);
    expect(engine.stats).toMatchObject({ running: 0, slots: { free: 4 } });
  }
});

test("what several answers need is kept for them while their prompt is read", async () => {
  const order: string[] = [];
  const { engine } = await open(
    { slots: 2, rows: 8 },
    { onEvent: (event) => void ("id" in event && order.push(`${event.type} ${event.id}`)) },
  );
  const several = collect(engine.generate({ id: "several", prompt: promptOf(1, 200), n: 2, maxTokens: 4 }));
  await turns(4);
  const single = collect(engine.generate({ id: "single", prompt: promptOf(2, 4), maxTokens: 300 }));
  await Promise.all([several, single]);
  expect(order.indexOf("request-started single")).toBeGreaterThan(order.indexOf("request-finished several"));
});

test("an answer that finds no page for its own end of the prompt waits for one", async () => {
  const { engine } = await open({ pages: 10, rows: 2 }, { prefixCache: false });
  const older = run(engine, { prompt: promptOf(1, 10), maxTokens: 150 });
  await turns(8);
  const events = await collect(engine.generate({ prompt: promptOf(2, 136), n: 2, maxTokens: 3 }));
  for (const choice of [0, 1]) {
    const answer = tokensOf(events.filter((event) => event.choice === choice)).map(({ token }) => token);
    expect(answer).toEqual(continuation(hashing, promptOf(2, 136), 3));
  }
  expect(await older).toEqual(continuation(hashing, promptOf(1, 10), 150));
  expect(engine.stats).toMatchObject({ failed: 0, preemptions: 0 });
});

test("more answers than there are sequences are refused", async () => {
  const { engine } = await open({ slots: 2 });
  expect(() => engine.generate({ prompt: [20], n: 3 })).toThrow(
    expect.objectContaining({ code: "REQUEST_INVALID", details: expect.objectContaining({ field: "n" }) }),
  );
});

test("what happens is told as events, in order", async () => {
  const events: string[] = [];
  const { engine } = await open({}, { onEvent: ({ type }) => void events.push(type) });
  await run(engine, { id: "a", prompt: promptOf(1, 70), maxTokens: 3 });
  const own = events.filter((type) => type !== "step");
  expect(own).toEqual(["request-queued", "request-started", "first-token", "request-finished"]);
  expect(events.filter((type) => type === "step")).toHaveLength(engine.stats.steps);
});

test("a trace can be made of the events: spans of each request that follow one another and add up", async () => {
  const events: EngineEvent[] = [];
  const { engine } = await open({ slots: 2 }, { onEvent: (event) => void events.push(event) });
  const ids = ["a", "b", "c"];
  await Promise.all(ids.map((id, seed) => run(engine, { id, prompt: promptOf(seed, 70), maxTokens: 9 })));
  expect(events.map(({ time }) => time)).toEqual(events.map(({ time }) => time).sort((a, b) => a - b));
  for (const id of ids) {
    const own = events.filter((event) => "id" in event && event.id === id);
    const [queued, started, first, finished] = own;
    if (queued?.type !== "request-queued" || started?.type !== "request-started") throw new Error("no start");
    if (first?.type !== "first-token" || finished?.type !== "request-finished") throw new Error("no end");
    expect(own).toHaveLength(4);
    const between = (from: EngineEvent, to: EngineEvent): number => (to.time - from.time) / 1000;
    const { queueSeconds, prefillSeconds, decodeSeconds } = finished.timing;
    expect(queued.promptTokens).toBe(70);
    expect(finished.usage.completionTokens).toBe(9);
    expect(between(queued, started)).toBeCloseTo(queueSeconds, 9);
    expect(started.queueSeconds).toBe(queueSeconds);
    expect(between(started, first)).toBeCloseTo(prefillSeconds, 9);
    expect(between(first, finished)).toBeCloseTo(decodeSeconds, 9);
    expect(first.seconds).toBeCloseTo(queueSeconds + prefillSeconds, 9);
  }
  const third = events.find((event) => event.type === "request-started" && event.id === "c")!;
  const waits = events.findIndex((event) => event.type === "request-finished");
  // With two places the third begins when one of the others has ended.
  expect(events.indexOf(third)).toBeGreaterThan(waits);
});
