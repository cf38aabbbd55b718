import { createCpuBackend } from "@krait/backend-cpu";
import { architectureOf, loadModel, type Model, type ModelOptions } from "@krait/models";
import type { Backend } from "@krait/tensor";
import { openFixture } from "@krait/testing";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { collect, tokensOf } from "../testing/generate.ts";
import { createEngine, type Engine } from "./engine.ts";
import type { EngineOptions } from "./engine-options.ts";
import type { FinishEvent, GenerateEvent, PromptLogprobsEvent } from "./events.ts";
import type { GenerateRequest } from "./request.ts";

const fixture = await openFixture("tiny-a");
const config = (await fixture.model.json("config.json")) as Record<string, unknown>;
const ids = fixture.golden.integers("p300.ids");
const disposables: AsyncDisposable[] = [];
afterAll(async () => {
  for (const disposable of disposables.reverse()) await disposable[Symbol.asyncDispose]();
});

async function open(
  options: ModelOptions = {},
  engineOptions: EngineOptions = {},
  backend?: Backend,
): Promise<Engine> {
  const on = backend ?? (await createCpuBackend());
  await using file = await fixture.model.weights();
  const model: Model = await loadModel(architectureOf(config), file, on, { maxContext: 512, ...options });
  const engine = createEngine(model, on, engineOptions);
  disposables.push({
    async [Symbol.asyncDispose]() {
      await engine.dispose();
      model[Symbol.dispose]();
    },
  });
  return engine;
}

/** Tokens and the logits that they were drawn from. */
interface Answer {
  readonly tokens: number[];
  readonly logits: Float32Array[];
  readonly finish: FinishEvent;
}

async function answer(engine: Engine, request: GenerateRequest): Promise<Answer> {
  const logits: Float32Array[] = [];
  const events = await collect(
    engine.generate({ ...request, onLogits: (row) => void logits.push(row.slice()) }),
  );
  return { tokens: tokensOf(events).map(({ token }) => token), logits, finish: events.at(-1) as FinishEvent };
}

const sampling = { temperature: 0.9, topP: 0.95, repetitionPenalty: 1.2, frequencyPenalty: 0.1, seed: 5 };

describe("on the reference backend, in every bit", () => {
  test("answers do not depend on what else runs, on how prompts are cut or on what is cached", async () => {
    const alone = await open({ chunkRows: 512 }, { prefixCache: false });
    const shape = fc.record({
      chunkRows: fc.integer({ min: 3, max: 60 }),
      maxSequences: fc.integer({ min: 1, max: 4 }),
      lookahead: fc.boolean(),
      requests: fc.array(
        fc.record({
          from: fc.nat(20),
          length: fc.integer({ min: 1, max: 60 }),
          maxTokens: fc.integer({ min: 1, max: 8 }),
          delay: fc.nat(6),
        }),
        { minLength: 2, maxLength: 4 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ chunkRows, maxSequences, lookahead, requests }) => {
        const engine = await open({ chunkRows, maxSequences }, { lookahead });
        const running = [];
        for (const { from, length, maxTokens, delay } of requests) {
          for (let turn = 0; turn < delay; turn++) await new Promise((resolve) => setImmediate(resolve));
          const prompt = [...ids.slice(0, 40), ...ids.slice(from, from + length)];
          const request = { prompt, maxTokens, sampling, snapshotAt: [40] };
          running.push({ request, answer: answer(engine, request) });
        }
        for (const { request, answer: got } of running) {
          const { tokens, logits } = await got;
          const want = await answer(alone, request);
          expect(tokens).toEqual(want.tokens);
          expect(logits).toEqual(want.logits);
        }
      }),
      { numRuns: 4 },
    );
  });

  test("of several answers each is that of its own seed", async () => {
    const engine = await open();
    const prompt = ids.slice(0, 50);
    const events = await collect(engine.generate({ prompt, n: 3, maxTokens: 10, sampling }));
    const answers = [0, 1, 2].map((choice) =>
      tokensOf(events.filter((event) => event.choice === choice)).map(({ token }) => token),
    );
    for (const [choice, tokens] of answers.entries()) {
      const own = await answer(engine, {
        prompt,
        maxTokens: 10,
        sampling: { ...sampling, seed: 5 + choice },
      });
      expect(tokens).toEqual(own.tokens);
    }
    expect(new Set(answers.map(String)).size).toBeGreaterThan(1);
  });

  test("a second turn that goes on from the cache equals one that reads everything", async () => {
    const cached = await open();
    const uncached = await open({}, { prefixCache: false });
    const first = { prompt: ids.slice(0, 120), maxTokens: 4, snapshotAt: [30, 115], sampling };
    await answer(cached, first);
    const second = { prompt: [...ids.slice(0, 115), ...ids.slice(200, 260)], maxTokens: 12, sampling };
    const [got, want] = [await answer(cached, second), await answer(uncached, second)];
    expect(got.finish.usage.cachedTokens).toBe(115);
    expect(want.finish.usage.cachedTokens).toBe(0);
    expect(got.tokens).toEqual(want.tokens);
    expect(got.logits).toEqual(want.logits);
  });
});

describe("on a backend whose rounding depends on how a prompt is cut", () => {
  /** The logits of one request alone and cold, and among others and from the cache. */
  async function compared(deterministic: boolean): Promise<{ got: Answer; want: Answer }> {
    const make = async () =>
      await open({ chunkRows: 32 }, { deterministic }, await createCpuBackend({ scan: "chunked" }));
    const request = { prompt: ids.slice(0, 150), maxTokens: 12, sampling, snapshotAt: [50, 100] };
    const want = await answer(await make(), request);
    const engine = await make();
    await answer(engine, { ...request, prompt: [...ids.slice(0, 110), 7, 7] });
    const others = [1, 2].map((start) =>
      answer(engine, { prompt: ids.slice(start, start + 70 * start), maxTokens: 10, sampling }),
    );
    const got = await answer(engine, request);
    await Promise.all(others);
    expect(got.finish.usage.cachedTokens).toBeGreaterThan(0);
    return { got, want };
  }

  test("a deterministic engine gives the same bits all the same", async () => {
    const { got, want } = await compared(true);
    expect(got.tokens).toEqual(want.tokens);
    expect(got.logits).toEqual(want.logits);
  });

  test("without that, the logits do differ", async () => {
    const { got, want } = await compared(false);
    expect(got.logits).not.toEqual(want.logits);
  });
});

test("the log-probabilities of a prompt are those of its tokens after the tokens before them", async () => {
  const engine = await open({ maxOutputRows: 8, chunkRows: 16 });
  const prompt = ids.slice(0, 21);
  const events: GenerateEvent[] = await collect(
    engine.generate({ prompt, maxTokens: 1, promptLogprobs: 3, sampling: { temperature: 0 } }),
  );
  const parts = events.filter((event): event is PromptLogprobsEvent => event.type === "prompt-logprobs");
  const scored = parts.flatMap(({ position, tokens }) =>
    tokens.map((each, i) => ({ ...each, at: position + i })),
  );
  expect(scored.map(({ at }) => at)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  for (const { at, token, logprob, top } of scored) {
    expect(token).toBe(prompt[at]);
    const { logits } = await answer(engine, { prompt: prompt.slice(0, at), maxTokens: 1 });
    const row = logits[0]!;
    const largest = Math.max(...row);
    const norm = largest + Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
    expect(logprob).toBeCloseTo(row[token]! - norm, 4);
    const order = [...row.keys()].sort((a, b) => row[b]! - row[a]! || a - b).slice(0, 3);
    expect(top.map((each) => each.token)).toEqual(order);
    expect(top[0]!.logprob).toBeCloseTo(row[order[0]!]! - norm, 4);
  }
});
