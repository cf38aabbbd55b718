import { createCpuBackend } from "@krait/backend-cpu";
import { architectureOf, loadModel, type Model, type ModelOptions } from "@krait/models";
import { openFixture, wrapBackend } from "@krait/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEngine, type Engine } from "./engine.ts";
import type { GenerateEvent, TokenEvent } from "./events.ts";
import type { GenerateRequest } from "./request.ts";

const fixture = await openFixture("tiny-a");
const backend = await createCpuBackend();
const greedy = { temperature: 0 };

async function load(options: ModelOptions = {}): Promise<Model> {
  const config = (await fixture.model.json("config.json")) as Record<string, unknown>;
  await using file = await fixture.model.weights();
  return await loadModel(architectureOf(config), file, backend, { maxContext: 1024, ...options });
}

let model: Model;
let engine: Engine;
beforeAll(async () => {
  model = await load();
  engine = createEngine(model, backend);
});
afterAll(async () => {
  await engine.dispose();
  model[Symbol.dispose]();
});

async function run(request: GenerateRequest, on = engine): Promise<GenerateEvent[]> {
  const events: GenerateEvent[] = [];
  for await (const event of on.generate(request)) events.push(event);
  return events;
}

const ids = (events: readonly GenerateEvent[]): number[] =>
  events.filter((event): event is TokenEvent => event.type === "token").map(({ token }) => token);

test.each([1, 7, 64, 300])(
  "continues the fixture's prompt of %i tokens as the oracle does",
  async (length) => {
    const prompt = fixture.golden.integers(`p${length}.ids`);
    const events = await run({ prompt, maxTokens: 32, sampling: greedy });
    expect(ids(events)).toEqual(fixture.golden.integers(`p${length}.greedy`));
  },
);

test("a looking-ahead engine and one that reads in small chunks give the same tokens", async () => {
  const prompt = fixture.golden.integers("p64.ids");
  const small = await load({ chunkRows: 7 });
  for (const other of [createEngine(model, backend, { lookahead: true }), createEngine(small, backend)]) {
    const events = await run({ prompt, maxTokens: 32, sampling: greedy }, other);
    expect(ids(events)).toEqual(fixture.golden.integers("p64.greedy"));
    await other.dispose();
  }
  small[Symbol.dispose]();
});

test("the device samples as @krait/sampler does, penalties and bias included", async () => {
  const { createSampler, createTokenHistory } = await import("@krait/sampler");
  const prompt = fixture.golden.integers("p7.ids");
  const sampling = {
    temperature: 0.9,
    topK: 40,
    topP: 0.9,
    minP: 0.01,
    repetitionPenalty: 1.3,
    presencePenalty: 0.2,
    frequencyPenalty: 0.3,
    logitBias: new Map([[17, 2]]),
    seed: 1234567890123n,
    logprobs: 5,
  };
  const logits: { row: Float32Array; position: number }[] = [];
  const onLogits = (row: Float32Array, position: number) => logits.push({ row: row.slice(), position });
  const events = await run({ prompt, maxTokens: 24, sampling, onLogits });
  const sampler = createSampler(sampling);
  const history = createTokenHistory(prompt);
  const tokens = events.filter((event): event is TokenEvent => event.type === "token");
  for (const [index, { row, position }] of logits.entries()) {
    const expected = sampler.sample(row, { position, history });
    expect(tokens[index]!.token).toBe(expected.token);
    expect(tokens[index]!.logprob).toBeCloseTo(expected.logprob!, 4);
    expect(tokens[index]!.top!.map(({ token }) => token)).toEqual(expected.top!.map(({ token }) => token));
    history.push(expected.token);
  }
  expect(logits).toHaveLength(24);
});

test("the same seed gives the same tokens, another seed others", async () => {
  const prompt = fixture.golden.integers("p7.ids");
  const sample = async (seed: number) =>
    ids(await run({ prompt, maxTokens: 20, sampling: { temperature: 1, seed } }));
  const first = await sample(5);
  expect(await sample(5)).toEqual(first);
  expect(await sample(6)).not.toEqual(first);
});

test("a cached prefix changes nothing but the work", async () => {
  const prompt = fixture.golden.integers("p300.ids");
  const other = createEngine(model, backend);
  const first = { prompt: [...prompt.slice(0, 250), 99], maxTokens: 3, snapshotAt: [250] };
  await run({ ...first, sampling: greedy }, other);
  for (const cachedTokens of [250, 299]) {
    const events = await run({ prompt, maxTokens: 32, sampling: greedy }, other);
    expect(ids(events)).toEqual(fixture.golden.integers("p300.greedy"));
    expect(events.at(-1)).toMatchObject({
      usage: { promptTokens: 300, cachedTokens, completionTokens: 32 },
    });
  }
  await other.dispose();
});

test("requests made at once give what each gives alone", async () => {
  const prompts = [7, 64].map((length) => fixture.golden.integers(`p${length}.ids`));
  const results = await Promise.all(
    prompts.map((prompt) => run({ prompt, maxTokens: 32, sampling: greedy })),
  );
  expect(results.map(ids)).toEqual([
    fixture.golden.integers("p7.greedy"),
    fixture.golden.integers("p64.greedy"),
  ]);
});

test("the context's end ends an answer, and a prompt that leaves no room is refused", async () => {
  const small = await load({ maxContext: 20 });
  const tight = createEngine(small, backend);
  const prompt = fixture.golden.integers("p64.ids");
  const events = await run({ prompt: prompt.slice(0, 15), sampling: greedy }, tight);
  expect(ids(events)).toHaveLength(5);
  expect(events.at(-1)).toMatchObject({ finishReason: "length" });
  expect(() => tight.generate({ prompt: prompt.slice(0, 20) })).toThrow(
    expect.objectContaining({ code: "CONTEXT_EXCEEDED", details: { promptTokens: 20, maxContext: 20 } }),
  );
  await tight.dispose();
  small[Symbol.dispose]();
});

test.each([
  [{ prompt: [] }, "prompt"],
  [{ prompt: [1, 512] }, "prompt[1]"],
  [{ prompt: [1.5] }, "prompt[0]"],
  [{ prompt: [1], maxTokens: 0 }, "maxTokens"],
  [{ prompt: [1], thinking: { budget: -1 } }, "thinking.budget"],
  [{ prompt: [1], stop: "x" }, "stop"],
  [{ prompt: [1], sampling: { logprobs: 100 } }, "sampling.logprobs"],
  [{ prompt: [1], sampling: { logitBias: new Map([[512, 1]]) } }, "sampling.logitBias"],
  // What only programs without types can send.
  [{ prompt: [1], sampling: { logitBias: { 5: 1 } } }, "sampling.logitBias"],
  [{ prompt: [1], stop: 5 }, "stop"],
])("refuses %j, naming the field", (request, field) => {
  expect(() => engine.generate(request as GenerateRequest)).toThrow(
    expect.objectContaining({ code: "REQUEST_INVALID", details: expect.objectContaining({ field }) }),
  );
});

test("more biases than the model was loaded for are refused with both numbers", () => {
  const logitBias = new Map(Array.from({ length: 65 }, (_, token) => [token, 1]));
  expect(() => engine.generate({ prompt: [1], sampling: { logitBias } })).toThrow(
    expect.objectContaining({ details: { field: "logitBias", expected: 64, actual: 65 } }),
  );
});

test("a request that is aborted ends, and the others go on", async () => {
  const prompt = fixture.golden.integers("p7.ids");
  const first = engine.generate({ prompt, maxTokens: 5 })[Symbol.asyncIterator]();
  await first.next();
  const controller = new AbortController();
  const waiting = run({ prompt, maxTokens: 5, signal: controller.signal });
  const behind = run({ prompt, maxTokens: 5, sampling: greedy });
  controller.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  expect(ids(await behind)).toEqual(fixture.golden.integers("p7.greedy").slice(0, 5));
});

test("disposing ends a generation whose reader has paused, and those that wait", async () => {
  const other = createEngine(model, backend);
  const prompt = fixture.golden.integers("p7.ids");
  const paused = other.generate({ prompt })[Symbol.asyncIterator]();
  await paused.next();
  const waiting = run({ prompt }, other);
  const [, waited] = await Promise.allSettled([other.dispose(), waiting]);
  expect(waited).toMatchObject({ status: "rejected", reason: { code: "ENGINE_DISPOSED" } });
  await expect(paused.next()).rejects.toMatchObject({ code: "ENGINE_DISPOSED" });
});

test("a backend with exactly the planned memory holds the model and its engine, and one byte less is refused", async () => {
  const config = (await fixture.model.json("config.json")) as Record<string, unknown>;
  const load = async (memoryBytes: number): Promise<void> => {
    const exact = await createCpuBackend({ memoryBytes });
    const loaded = await loadModel(architectureOf(config), await fixture.model.weights(), exact, {
      maxContext: 64,
    });
    const events = await run({ prompt: [20, 21, 22], maxTokens: 5 }, createEngine(loaded, exact));
    expect(ids(events)).toHaveLength(5);
  };
  const small = await load64();
  const { totalBytes } = small.memory;
  small[Symbol.dispose]();
  await load(totalBytes);
  await expect(load(totalBytes - 1)).rejects.toMatchObject({ code: "MEMORY_INSUFFICIENT" });

  async function load64(): Promise<Model> {
    return await loadModel(architectureOf(config), await fixture.model.weights(), backend, {
      maxContext: 64,
    });
  }
});

test("an engine that cannot be created leaves nothing behind", async () => {
  let live = 0;
  const small = await load({ maxContext: 64 });
  const failing = wrapBackend(backend, {
    allocate(bytes, label) {
      if (label === "tokenCount") throw new Error("out of memory");
      const buffer = backend.allocate(bytes, label);
      live++;
      const dispose = buffer[Symbol.dispose].bind(buffer);
      buffer[Symbol.dispose] = () => {
        live--;
        dispose();
      };
      return buffer;
    },
  });
  expect(() => createEngine(small, failing)).toThrow("out of memory");
  expect(live).toBe(0);
  small[Symbol.dispose]();
});

test("a disposed engine says so", async () => {
  const other = createEngine(model, backend);
  await other.dispose();
  expect(() => other.generate({ prompt: [1] })).toThrow(expect.objectContaining({ code: "ENGINE_DISPOSED" }));
});
