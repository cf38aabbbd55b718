import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cdp } from "vitest/browser";
import {
  type LongTask,
  MARK,
  type TraceEvent,
  tasksWithWork,
  tooLong,
  traceCategories,
  workForLong,
} from "../../../tooling/long-tasks.ts";
import { connectModel } from "./connect-model.ts";

const hello = [{ role: "user", content: "Hello!" }] as const;
const backend = "wasm";

const startWorker = (): Worker =>
  new Worker(new URL("../test-support/page-worker.ts", import.meta.url), { type: "module" });

const devtools = cdp();
const trace: TraceEvent[] = [];
let onTraced = (): void => {};
// They stay, as what takes a listener away again does not work in Vitest.
devtools.on("Tracing.dataCollected", ({ value }) => trace.push(...(value as object[] as TraceEvent[])));
devtools.on("Tracing.tracingComplete", () => onTraced());

/** What keeps this page from answering while something is done. */
async function longTasksOf(work: () => unknown): Promise<readonly LongTask[]> {
  const tasks: PerformanceEntry[] = [];
  const observer = new PerformanceObserver((list) => void tasks.push(...list.getEntries()));
  trace.length = 0;
  await devtools.send("Tracing.start", { traceConfig: { includedCategories: traceCategories } });
  observer.observe({ type: "longtask" });
  await work();
  // Entries are handed out in a task of their own, some time after the task that they tell of.
  await new Promise((resolve) => setTimeout(resolve, 200));
  observer.disconnect();
  const { startTime } = performance.mark(MARK);
  const isTraced = new Promise<void>((resolve) => {
    onTraced = resolve;
  });
  await devtools.send("Tracing.end");
  await isTraced;
  return tasksWithWork(tasks, startTime, trace);
}

describe("a model in a worker of this page", () => {
  let worker: Worker;
  beforeEach(() => {
    worker = startWorker();
  });
  afterEach(() => worker.terminate());

  test("lets the page work for no more than 50 ms at a time while it loads and answers", async () => {
    const tasks = await longTasksOf(async () => {
      const progress: number[] = [];
      const model = await connectModel(worker, undefined, {
        backend,
        onProgress: ({ loadedBytes }) => progress.push(loadedBytes),
      });
      const question = `${"The weather was fine. ".repeat(100)} What is 47 + 38?`;
      const stream = model.chat([{ role: "user", content: question }], { maxTokens: 200 });
      let tokens = 0;
      for await (const event of stream) if (event.type === "token") tokens++;
      expect(progress.length).toBeGreaterThan(10);
      expect((await stream.result()).usage.completionTokens).toBe(tokens);
      await model[Symbol.asyncDispose]();
    });
    const blocked = await longTasksOf(
      () => new Promise((resolve) => setTimeout(() => resolve(workForLong()))),
    );
    expect(tooLong(tasks, blocked)).toEqual([]);

    // What has nothing to tell here would have.
    expect(tooLong(blocked, blocked)).not.toEqual([]);
  });

  test("is lost when the worker is ended in the middle of an answer", async () => {
    const model = await connectModel(worker, undefined, { backend });
    const read = async (): Promise<void> => {
      for await (const event of model.chat(hello, { maxTokens: 100_000, ignoreEndTokens: true })) {
        if (event.type === "token") worker.terminate();
      }
    };
    await expect(read()).rejects.toMatchObject({ code: "WORKER_LOST" });
    await expect(model.lost).resolves.toMatchObject({ code: "WORKER_LOST" });
    await model[Symbol.asyncDispose]();
  });
});

test("a worker whose script is not there is lost before it was", async () => {
  const nowhere = new Worker(new URL("/no-such-worker.js", location.href), { type: "module" });
  await expect(connectModel(nowhere)).rejects.toMatchObject({
    code: "WORKER_LOST",
    message: expect.stringContaining("did not start"),
  });
});

// Each worker is started as bundlers want to see it: they find its script by this expression.

test("two ports of a shared worker share a model", async () => {
  const connect = () => {
    const worker = new SharedWorker(new URL("../test-support/page-worker.ts", import.meta.url), {
      type: "module",
    });
    return connectModel(worker, undefined, { backend });
  };
  const [first, second] = await Promise.all([connect(), connect()]);
  const { requests } = await second.stats();
  const { text } = await first.chat(hello, { sampling: { temperature: 0 }, maxTokens: 40 }).result();
  expect(text).toMatch(/\S/);
  expect((await second.stats()).requests).toBe(requests + 1);
  await first[Symbol.asyncDispose]();
  expect((await second.chat(hello, { maxTokens: 2 }).result()).usage.completionTokens).toBe(2);
  await second[Symbol.asyncDispose]();
});

test("a page that is closed in the middle of an answer lets go of its model", async () => {
  const serving = new Worker(new URL("../test-support/telling-worker.ts", import.meta.url), {
    type: "module",
  });
  const asking = new Worker(new URL("../test-support/asking-worker.ts", import.meta.url), { type: "module" });
  const { port1, port2 } = new MessageChannel();
  const told: string[] = [];
  serving.addEventListener("message", ({ data }) => told.push(data));
  asking.addEventListener("message", () => asking.terminate());
  serving.postMessage(port1, [port1]);
  asking.postMessage(port2, [port2]);
  await expect.poll(() => told).toEqual(["freed"]);
  serving.terminate();
});
