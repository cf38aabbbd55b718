import { expect, test } from "vitest";
import { untilLast } from "../../../test-support/until-last.ts";
import { MemoryQueue } from "./memory-queue.ts";

test("a line that has to wait leaves its place to others", async () => {
  await using queue = new MemoryQueue((error) => {
    throw error;
  });
  expect(await untilLast(queue)).toEqual([1, 2, 3, 0]);
});

test("what waits for later is not handed out after the end", async () => {
  const queue = new MemoryQueue(() => {});
  let times = 0;
  await queue.add("batch", [0]);
  queue.start(async () => {
    times++;
    return 1;
  }, 1);
  await expect.poll(() => times).toBeGreaterThan(1);
  await queue[Symbol.asyncDispose]();
  const before = times;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(times).toBe(before);
});
