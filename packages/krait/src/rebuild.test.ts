import { type WatchedBackend, watchBackend } from "@krait/testing";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ChatModel } from "./chat-model.ts";
import { loadModel } from "./load-model.ts";

/** The backends that were made, in order, and how often each was disposed of. */
const made: (WatchedBackend & { disposals: number })[] = [];
/** Awaited before another is made; may throw. */
let beforeMaking: () => Promise<void>;

vi.mock("@krait/backend-cpu", async (importOriginal) => {
  const { createCpuBackend } = await importOriginal<typeof import("@krait/backend-cpu")>();
  return {
    async createCpuBackend(options: object) {
      await beforeMaking();
      const watched = watchBackend(await createCpuBackend(options));
      const entry = Object.assign(Object.create(watched), { disposals: 0 });
      watched.backend[Symbol.asyncDispose] = async () => void entry.disposals++;
      made.push(entry);
      return watched.backend;
    },
  };
});

beforeEach(() => {
  made.length = 0;
  beforeMaking = async () => {};
});

/** No backend is made until what it returns is called. */
function holdMaking(): () => void {
  let makeIt: () => void = () => {};
  const promise = new Promise<void>((resolve) => {
    makeIt = resolve;
  });
  beforeMaking = () => promise;
  return makeIt;
}

let model: ChatModel | undefined;
afterEach(async () => {
  await model?.[Symbol.asyncDispose]();
  model = undefined;
});

const questions = ["What is 47 + 38?", "Hello!"];

/** The answers to all questions at once; the backend is lost when so many tokens have come. */
async function answers(chatModel: ChatModel, loseAfter = Number.POSITIVE_INFINITY): Promise<string[]> {
  let tokens = 0;
  return await Promise.all(
    questions.map(async (content) => {
      let text = "";
      for await (const event of chatModel.chat([{ role: "user", content }], { maxTokens: 20 })) {
        if (event.type === "token" && ++tokens === loseAfter) made.at(-1)!.lose();
        if (event.type === "text-delta" || event.type === "reasoning-delta") text += event.text;
      }
      return text;
    }),
  );
}

test("a model whose backend is lost is loaded again on another, and its answers go on as if nothing had been", async () => {
  let loads = 0;
  const onProgress = ({ loadedBytes, totalBytes }: { loadedBytes: number; totalBytes: number }): void => {
    if (loadedBytes === totalBytes) loads++;
  };
  model = await loadModel(undefined, { backend: "cpu", onProgress });
  const undisturbed = await answers(model);
  expect(await answers(model, 25)).toEqual(undisturbed);
  expect(made.map(({ disposals }) => disposals)).toEqual([1, 0]);
  expect(model.backend).toBe(made[1]!.backend);
  expect(made[1]!.rows).toBeGreaterThan(0);
  expect(model.engine.stats).toMatchObject({ recoveries: 1, failed: 0, finished: 4, state: "ready" });
  // Nobody who waited for the first load is told of the second.
  expect(loads).toBe(1);
  // It may happen again.
  expect(await answers(model, 7)).toEqual(undisturbed);
  expect(made.map(({ disposals }) => disposals)).toEqual([1, 1, 0]);
  await model[Symbol.asyncDispose]();
  expect(made.map(({ disposals }) => disposals)).toEqual([1, 1, 1]);
});

test("while it is loaded again requests wait, and its state says so", async () => {
  model = await loadModel(undefined, { backend: "cpu" });
  const makeIt = holdMaking();
  expect(model.engine.stats.state).toBe("ready");
  made[0]!.lose();
  await expect.poll(() => model!.engine.stats.state).toBe("recovering");
  const waiting = answers(model);
  await expect.poll(() => model!.engine.stats.queued).toBe(2);
  makeIt();
  for (const text of await waiting) expect(text).not.toBe("");
  expect(model.engine.stats.state).toBe("ready");
});

test("where it cannot be loaded again everybody is told why, and it is freed once", async () => {
  model = await loadModel(undefined, { backend: "cpu" });
  const reason = new Error("there is no device any more");
  beforeMaking = () => Promise.reject(reason);
  await expect(answers(model, 10)).rejects.toMatchObject({ code: "ENGINE_LOST", cause: reason });
  expect(model.engine.stats.state).toBe("lost");
  expect(() => model!.chat([{ role: "user", content: "Hello!" }])).toThrow(
    expect.objectContaining({ code: "ENGINE_LOST" }),
  );
  await model[Symbol.asyncDispose]();
  expect(made.map(({ disposals }) => disposals)).toEqual([1]);
});

test("a model that is disposed of while it is loaded again frees both backends", async () => {
  model = await loadModel(undefined, { backend: "cpu" });
  const makeIt = holdMaking();
  made[0]!.lose();
  await expect.poll(() => model!.engine.stats.state).toBe("recovering");
  const disposal = model[Symbol.asyncDispose]();
  makeIt();
  await disposal;
  expect(made.map(({ disposals }) => disposals)).toEqual([1, 1]);
});
