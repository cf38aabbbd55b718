import { expect, test } from "vitest";
import { collect, scriptedEngine, tokensOf } from "../testing/generate.ts";
import { continuation, hashing, promptOf } from "../testing/hashing-script.ts";
import type { ScriptedSizes } from "../testing/scripted-model.ts";
import type { Engine } from "./engine.ts";
import type { EngineOptions } from "./engine-options.ts";
import type { GenerateEvent } from "./events.ts";

const MOST = 700;

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** An engine with two answers whose readers have stopped reading; they have all of its places, unless it has more. */
async function openStalled(sizes: ScriptedSizes, options: EngineOptions = {}) {
  const { engine, steps } = await scriptedEngine(
    hashing,
    { slots: 2, ...sizes },
    { tokenizer: undefined, endTokens: [], prefixCache: false, ...options },
  );
  const readers = [1, 2].map((seed) =>
    engine.generate({ prompt: promptOf(seed, 4), maxTokens: MOST })[Symbol.asyncIterator](),
  );
  for (const reader of readers) await reader.next();
  let before = -1;
  for (; steps.length !== before; await turns(5)) before = steps.length;
  expect(engine.stats).toMatchObject({ running: 2, slots: { free: (sizes.slots ?? 2) - 2 } });
  return { engine, steps, readers };
}

async function rest(reader: AsyncIterator<GenerateEvent>): Promise<number[]> {
  const events = await collect({ [Symbol.asyncIterator]: () => reader });
  return tokensOf(events).map(({ token }) => token);
}

async function run(engine: Engine, seed: number, length: number, n = 1): Promise<number[][]> {
  const prompt = promptOf(seed, length);
  const events = tokensOf(await collect(engine.generate({ prompt, maxTokens: 5, n })));
  const answers = Array.from({ length: n }, (_, choice) =>
    events.filter((event) => ((event as { choice?: number }).choice ?? 0) === choice),
  );
  return answers.map((answer) => answer.map(({ token }) => token));
}

test.each([false, true])(
  "readers who do not read keep nobody from a place, and get theirs back when they read (looking ahead: %s)",
  async (asDevice) => {
    const { engine, steps, readers } = await openStalled({ asDevice });
    const expected = continuation(hashing, promptOf(3, 50), 5);
    expect(await run(engine, 3, 50)).toEqual([expected]);
    expect(engine.stats).toMatchObject({ running: 1, preemptions: 1 });
    expect(await run(engine, 3, 50, 2)).toEqual([expected, expected]);
    // Nothing is computed for those who would not read it.
    const before = steps.length;
    expect(engine.stats).toMatchObject({ running: 0, queued: 2, preemptions: 2, slots: { free: 2 } });
    await turns(10);
    expect(steps.length).toBe(before);
    const answers = await Promise.all(readers.map(rest));
    expect(answers).toEqual([1, 2].map((seed) => continuation(hashing, promptOf(seed, 4), MOST)));
    expect(engine.stats).toMatchObject({ running: 0, queued: 0, finished: 4, slots: { free: 2 } });
  },
);

test("nor from pages", async () => {
  const { engine, readers } = await openStalled({ slots: 3, pages: 24 });
  expect(await run(engine, 3, 600)).toEqual([continuation(hashing, promptOf(3, 600), 5)]);
  const answers = await Promise.all(readers.map(rest));
  expect(answers).toEqual([1, 2].map((seed) => continuation(hashing, promptOf(seed, 4), MOST)));
});

test("nor from the queue", async () => {
  const { engine, readers } = await openStalled({}, { maxQueue: 1 });
  await run(engine, 3, 20, 2);
  expect(await Promise.all([run(engine, 4, 20), run(engine, 5, 20), run(engine, 6, 20)])).toHaveLength(3);
  for (const reader of readers) await reader.return?.();
  expect(engine.stats).toMatchObject({ running: 0, queued: 0, slots: { free: 2 }, cancelled: 2 });
});
