import { expect, test } from "vitest";
import { collect, scriptedEngine, tokensOf } from "../testing/generate.ts";
import { continuation, hashing, promptOf } from "../testing/hashing-script.ts";
import type { ScriptedSizes } from "../testing/scripted-model.ts";
import type { Engine } from "./engine.ts";
import type { EngineOptions } from "./engine-options.ts";
import type { FinishEvent } from "./events.ts";
import type { EngineEvent } from "./telemetry.ts";

const open = (sizes: ScriptedSizes = {}, options: EngineOptions = {}) =>
  scriptedEngine(hashing, sizes, { tokenizer: undefined, endTokens: [], ...options });

/** Runs a prompt; says how many rows the backend ran, and how many tokens the engine says were cached. */
async function rowsOf(
  { engine, read }: { engine: Engine; read: number[] },
  prompt: readonly number[],
  snapshotAt: readonly number[] = [],
): Promise<{ rows: number; cached: number }> {
  const before = read.length;
  const events = await collect(engine.generate({ prompt, maxTokens: 1, snapshotAt }));
  expect(tokensOf(events).map(({ token }) => token)).toEqual(continuation(hashing, prompt, 1));
  return { rows: read.length - before, cached: (events.at(-1) as FinishEvent).usage.cachedTokens };
}

test("a second turn reads only what is new, and says so", async () => {
  const engine = await open({ maxContext: 16_384, pages: 600, rows: 256 });
  const history = promptOf(1, 8192);
  // The generation prompt stands after the last boundary; the answer, without its reasoning, takes its place.
  const first = [...history, 1, 2, 3];
  expect(await rowsOf(engine, first, [300, 8192])).toEqual({ rows: first.length, cached: 0 });
  const second = [...history, ...promptOf(5, 60), 1, 2, 3];
  expect(await rowsOf(engine, second, [300, 8192, 8252])).toEqual({ rows: 63, cached: 8192 });
  const third = [...history, ...promptOf(5, 60), ...promptOf(6, 40), 1, 2, 3];
  expect(await rowsOf(engine, third, [300, 8192, 8252, 8292])).toEqual({ rows: 43, cached: 8252 });
});

test("another conversation with the same system prompt starts after it, and the same prompt at its last token", async () => {
  const engine = await open();
  const system = promptOf(1, 200);
  const first = [...system, ...promptOf(2, 80)];
  await rowsOf(engine, first, [200, 280]);
  expect(await rowsOf(engine, [...system, ...promptOf(3, 50)], [200])).toEqual({ rows: 50, cached: 200 });
  expect(await rowsOf(engine, first, [200, 280])).toEqual({ rows: 1, cached: 279 });
});

test("a long document is kept at its stride, too", async () => {
  const engine = await open({ snapshots: 8 }, { prefixCache: { stride: 256 } });
  const document = promptOf(1, 1000);
  await rowsOf(engine, document);
  expect(await rowsOf(engine, [...document.slice(0, 800), 7, 7, 7])).toEqual({ rows: 35, cached: 768 });
});

test("without a cache everything is read", async () => {
  const engine = await open({}, { prefixCache: false });
  const prompt = promptOf(1, 100);
  await rowsOf(engine, prompt, [50]);
  expect(await rowsOf(engine, prompt, [50])).toEqual({ rows: 100, cached: 0 });
  expect(engine.engine.stats.cache).toBeUndefined();
});

test("snapshots that are used least recently make room, and what several conversations share stays", async () => {
  const engine = await open({ snapshots: 3, pages: 200 });
  const system = promptOf(1, 100);
  const talk = (seed: number): number[] => [...system, ...promptOf(seed, 64)];
  for (const seed of [2, 3, 4, 5, 6]) await rowsOf(engine, talk(seed), [100]);
  const { cache } = engine.engine.stats;
  expect(cache).toMatchObject({ entries: 3, hits: 4, misses: 1 });
  expect(cache!.evictions).toBeGreaterThanOrEqual(3);
  expect((await rowsOf(engine, talk(7), [100])).cached).toBe(100);
  expect((await rowsOf(engine, talk(2), [100])).cached).toBe(100);
});

test("what several conversations share stays while one of them goes on far behind it", async () => {
  const engine = await open({ snapshots: 4, pages: 200 });
  const system = promptOf(1, 100);
  const turn = (seed: number, count: number): number[] => [...system, ...promptOf(seed, 64 * count)];
  await rowsOf(engine, turn(2, 1), [100]);
  for (let count = 1; count <= 4; count++) {
    const { cached } = await rowsOf(engine, turn(3, count), [100, 100 + 64 * (count - 1)]);
    if (count > 2) expect(cached).toBe(100 + 64 * (count - 2));
  }
  expect((await rowsOf(engine, turn(4, 1), [100])).cached).toBe(100);
});

test("what was used last stays, even if it was kept first", async () => {
  const engine = await open({ snapshots: 2 });
  const ask = async (seed: number): Promise<number> => (await rowsOf(engine, promptOf(seed, 50))).cached;
  for (const seed of [1, 2, 1, 3]) await ask(seed);
  expect(await ask(1)).toBe(49);
  expect(await ask(2)).toBe(0);
});

test("a prompt that ends where states are kept still reads its last token", async () => {
  const engine = await open();
  await rowsOf(engine, promptOf(1, 100), [50]);
  expect(await rowsOf(engine, promptOf(1, 50))).toEqual({ rows: 50, cached: 0 });
  expect(await rowsOf(engine, promptOf(1, 51))).toEqual({ rows: 1, cached: 50 });
});

test("pages that only the cache holds are given up when an answer needs them", async () => {
  const engine = await open({ pages: 20, snapshots: 8 });
  for (const seed of [1, 2, 3]) await rowsOf(engine, promptOf(seed, 120), [100]);
  expect(engine.engine.stats.pages.free).toBeLessThan(10);
  expect(await rowsOf(engine, promptOf(9, 600))).toEqual({ rows: 600, cached: 0 });
  expect(engine.engine.stats.failed).toBe(0);
});

test("so are pages that several snapshots of the cache hold, and nobody else", async () => {
  const engine = await open({ pages: 20, snapshots: 8 });
  for (const seed of [1, 2, 3]) await rowsOf(engine, promptOf(seed, 120), [100, 110]);
  const { pages, cache } = engine.engine.stats;
  expect(pages.free).toBeLessThan(10);
  // What the cache says it holds is what is not free.
  const { snapshots, pageBytes } = engine.engine.pool;
  expect(cache!.bytes).toBe(cache!.entries * snapshots.byteLength + (pages.total - pages.free) * pageBytes);
  expect(await rowsOf(engine, promptOf(9, 600))).toEqual({ rows: 600, cached: 0 });
  expect(engine.engine.stats.failed).toBe(0);
});

test("a request that has to wait all the same takes nothing from the cache", async () => {
  const engine = await open({ pages: 20, snapshots: 8 });
  await rowsOf(engine, promptOf(1, 100), [64]);
  const controller = new AbortController();
  let given: Promise<void> | undefined;
  let tokens = 0;
  for await (const event of engine.engine.generate({ prompt: promptOf(2, 200), maxTokens: 16 })) {
    if (event.type !== "token") continue;
    given ??= expect(
      collect(engine.engine.generate({ prompt: promptOf(3, 600), signal: controller.signal })),
    ).rejects.toThrow("enough");
    if (++tokens !== 8) continue;
    expect(engine.engine.stats).toMatchObject({ queued: 1, running: 1, cache: { evictions: 0 } });
    controller.abort(new Error("enough"));
  }
  await given;
  expect(tokens).toBe(16);
  expect(await rowsOf(engine, promptOf(1, 100))).toEqual({ rows: 1, cached: 99 });
});

test("statistics tell hits, misses and bytes", async () => {
  const engine = await open();
  await rowsOf(engine, promptOf(1, 100), [64]);
  const once = engine.engine.stats.cache!;
  expect(once).toMatchObject({ entries: 2, hits: 0, misses: 1 });
  const { pool } = engine.engine;
  expect(once.bytes).toBeGreaterThanOrEqual(2 * pool.snapshots.byteLength);
  await rowsOf(engine, promptOf(1, 100), [64]);
  expect(engine.engine.stats.cache).toMatchObject({ entries: 2, hits: 1, misses: 1 });
});

test("a cache that can never hit says why, once", async () => {
  const warnings: EngineEvent[] = [];
  const onEvent = (event: EngineEvent): void => {
    if (event.type === "warning") warnings.push(event);
  };
  await open({ snapshots: 0 }, { onEvent });
  expect(warnings).toMatchObject([{ code: "PREFIX_CACHE_TOO_SMALL" }]);
  warnings.length = 0;
  const engine = await open({}, { onEvent });
  for (let seed = 0; seed < 40; seed++) await rowsOf(engine, [9, 9, 9, ...promptOf(seed, 60)], [40]);
  expect(warnings).toMatchObject([
    { code: "PREFIX_CACHE_USELESS", message: expect.stringContaining("at most 3 tokens") },
  ]);
});

test("a prompt that is scored is read whole, and says nothing against the cache", async () => {
  const warnings: string[] = [];
  const onEvent = (event: EngineEvent): void => {
    if (event.type === "warning") warnings.push(event.code);
  };
  const engine = await open({}, { onEvent });
  for (let times = 0; times < 20; times++) {
    const before = engine.read.length;
    const events = await collect(
      engine.engine.generate({ prompt: promptOf(1, 60), promptLogprobs: 0, maxTokens: 1 }),
    );
    expect(engine.read.length - before).toBe(60);
    expect((events.at(-1) as FinishEvent).usage.cachedTokens).toBe(0);
  }
  expect(warnings).toEqual([]);
  expect(engine.engine.stats.cache).toMatchObject({ hits: 0, misses: 0 });
  expect(await rowsOf(engine, promptOf(1, 60))).toEqual({ rows: 1, cached: 59 });
});

test("what is cached is the same for a budget, for several answers and after a cancel", async () => {
  const engine = await open();
  const prompt = promptOf(1, 150);
  const controller = new AbortController();
  const cancelled = collect(engine.engine.generate({ prompt, snapshotAt: [64], signal: controller.signal }));
  while (engine.read.length < 150) await new Promise((resolve) => setImmediate(resolve));
  controller.abort(new Error("enough"));
  await expect(cancelled).rejects.toThrow("enough");
  expect(await rowsOf(engine, prompt, [64])).toEqual({ rows: 1, cached: 149 });
  const before = engine.read.length;
  const events = await collect(engine.engine.generate({ prompt, n: 3, maxTokens: 4 }));
  expect(engine.read.length - before).toBe(3 * 4);
  for (const choice of [0, 1, 2]) {
    const answer = tokensOf(events.filter((event) => event.choice === choice)).map(({ token }) => token);
    expect(answer).toEqual(continuation(hashing, prompt, 4));
  }
});
