import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test, vi } from "vitest";
import { collect, scriptedEngine } from "../testing/generate.ts";
import { hashing, promptOf } from "../testing/hashing-script.ts";
import type { Engine } from "./engine.ts";
import type { GenerateRequest } from "./request.ts";

const open = async (): Promise<Engine> =>
  (await scriptedEngine(hashing, {}, { tokenizer: undefined, endTokens: [] })).engine;

/** Every way in which a request ends: by itself, by its reader, by its signal, by an error. */
async function endInEveryWay(engine: Engine, request: GenerateRequest): Promise<void> {
  await collect(engine.generate(request));
  for await (const _ of engine.generate(request)) break;
  const controller = new AbortController();
  const aborted = collect(engine.generate({ ...request, signal: controller.signal }));
  controller.abort(new Error("enough"));
  const fail = (): void => {
    throw new Error("mine");
  };
  const failed = collect(engine.generate({ ...request, onLogits: fail }));
  // Not by `rejects`, which keeps what it is given.
  for (const ending of [aborted, failed]) await ending.catch(() => {});
}

test("of a request that is done no timer and no listener is left", async () => {
  const engine = await open();
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: unknown[]) => {
    listeners++;
    Reflect.apply(addEventListener, signal, args);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    listeners--;
    Reflect.apply(removeEventListener, signal, args);
  };
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    await endInEveryWay(engine, { prompt: promptOf(1, 20), maxTokens: 5, deadlineSeconds: 1000, signal });
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
  expect(listeners).toBe(0);
});

test("an engine keeps nothing of requests that are done", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const engine = await open();
  const kept: WeakRef<object>[] = [];
  for (let times = 0; times < 10; times++) {
    const prompt = promptOf(times, 20);
    kept.push(new WeakRef(prompt));
    await endInEveryWay(engine, { prompt, maxTokens: 5 });
  }
  for (let times = 0; times < 5; times++) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  // What was last may still be somewhere on a stack.
  expect(kept.filter((ref) => ref.deref() !== undefined).length).toBeLessThanOrEqual(1);
  expect(engine.stats).toMatchObject({ finished: 10, cancelled: 20, failed: 10 });
});
