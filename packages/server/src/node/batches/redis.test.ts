import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  answersOf,
  type BatchProcess,
  startBatchProcess,
  submitBatch,
  untilBatch,
} from "../../../test-support/batch-process.ts";
import { untilLast } from "../../../test-support/until-last.ts";
import { openBatches } from "./open-batches.ts";

const hasRedis = (() => {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

describe("batches in Redis", () => {
  if (!hasRedis) {
    test("need redis-server", ({ skip }) => skip("redis-server is not installed"));
    return;
  }
  let folder: string;
  let redis: ChildProcess;
  let redisUrl: string;
  const running: BatchProcess[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "krait-redis-"));
    const socket = join(folder, "redis.sock");
    const options = ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder];
    redis = spawn("redis-server", options, { stdio: ["ignore", "pipe", "inherit"] });
    for await (const text of redis.stdout!) if (String(text).includes("eady to accept connections")) break;
    redisUrl = `redis+unix://${socket}`;
  });
  afterAll(async () => {
    for (const process of running) await process.kill();
    redis.kill();
    await rm(folder, { recursive: true, force: true });
  });

  // Long enough that a server on a busy machine is not taken for dead.
  const lockSeconds = 3;
  const start = async (answers?: number): Promise<BatchProcess> => {
    const process = await startBatchProcess({ redisUrl, lockSeconds }, answers);
    running.push(process);
    return process;
  };

  test("are shared by servers, and lines of one that is killed go to another: nothing lost, nothing twice", async () => {
    const [first, second] = await Promise.all([start(8), start(20)]);
    const id = await submitBatch(first.client, 60);
    // Both are in the middle of lines that they will not answer.
    await untilBatch(second.client, id, ({ request_counts }) => request_counts!.completed === 28);
    await first.kill();
    const third = await start();
    await untilBatch(third.client, id, ({ request_counts }) => request_counts!.completed >= 40);
    await second.kill();
    const batch = await untilBatch(third.client, id, ({ status }) => status === "completed");
    expect(batch.request_counts).toEqual({ total: 60, completed: 60, failed: 0 });
    const answers = await answersOf(third.client, batch);
    expect(answers.size).toBe(60);
    for (let i = 0; i < 60; i++) expect(answers.get(`question-${i}`)).toBe(`You said: number ${i}`);
  });

  test("a server that is stopped takes no more lines from those that it shares them with", async () => {
    await using stopped = await openBatches({ redisUrl, prefix: "stop" });
    await using other = await openBatches({ redisUrl, prefix: "stop" });
    const lines: string[] = [];
    let take = (_: string): void => {};
    const first = new Promise<string>((resolve) => {
      take = resolve;
    });
    stopped.queue.start(async (_, line) => {
      take(`stopped ${line}`);
      return undefined;
    }, 1);
    await stopped.queue.add("a", [0]);
    expect(await first).toBe("stopped 0");
    take = (line) => lines.push(line);
    stopped.queue.stop();
    // Its fetch of the next line may be under way.
    await new Promise((resolve) => setTimeout(resolve, 100));
    other.queue.start(async (_, line) => {
      lines.push(`other ${line}`);
      return undefined;
    }, 1);
    await other.queue.add("a", [1, 2, 3, 4, 5]);
    await expect.poll(() => lines.length).toBe(5);
    expect(lines.filter((line) => line.startsWith("stopped")).length).toBeLessThanOrEqual(1);
  });

  test("a line that has to wait leaves its place to others", async () => {
    await using batches = await openBatches({ redisUrl, prefix: "later" });
    expect(await untilLast(batches.queue)).toEqual([1, 2, 3, 0]);
  });

  test("keep the first result of a line, and changes that come at once are all made", async () => {
    await using batches = await openBatches({ redisUrl, prefix: "test" });
    const { store } = batches;
    const result = { customId: "a", status: 200, requestId: "r", body: 1 };
    const kept = await Promise.all([1, 2, 3].map((body) => store.addResult("b", 0, { ...result, body })));
    expect(kept.filter(Boolean)).toHaveLength(1);
    await store.addResult("b", 1, { ...result, status: 500 });
    expect(await store.counts("b")).toEqual({ completed: 1, failed: 1 });
    await store.addBatch({
      ...{
        id: "b",
        owner: "",
        endpoint: "",
        inputFile: "",
        window: "24h",
        status: "in_progress",
        metadata: null,
      },
      ...{
        total: 9,
        completed: 0,
        failed: 0,
        problems: [],
        outputFile: null,
        errorFile: null,
        times: {},
        expires: 0,
      },
    });
    await Promise.all(
      Array.from({ length: 20 }, () =>
        store.changeBatch("b", (batch) => ({ ...batch, completed: batch.completed + 1 })),
      ),
    );
    expect((await store.batch("b"))!.completed).toBe(20);
  });
});
