import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { pause, waitToRetry } from "./retry.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Milliseconds that a wait takes, with the least and the most of chance. */
async function waits(...call: Parameters<typeof waitToRetry>): Promise<number[]> {
  const times: number[] = [];
  for (const chance of [0, 1]) {
    vi.spyOn(Math, "random").mockReturnValue(chance);
    const before = Date.now();
    const wait = waitToRetry(...call);
    await vi.runAllTimersAsync();
    expect(await wait).toBe(true);
    times.push(Date.now() - before);
  }
  return times;
}

test("waits double with the failures in a row, up to half a minute, and vary by half", async () => {
  const policy = { retries: 20, delay: 100 };
  expect(await waits(0, policy)).toEqual([0, 0]);
  expect(await waits(1, policy)).toEqual([50, 100]);
  expect(await waits(4, policy)).toEqual([400, 800]);
  expect(await waits(20, policy)).toEqual([15_000, 30_000]);
});

test("a server that asks for a longer wait gets it, unless people would not want to wait so long", async () => {
  const policy = { retries: 3, delay: 100 };
  expect(await waits(1, policy, { retryAfter: 7000 })).toEqual([7000, 7000]);
  expect(await waitToRetry(1, policy, { retryAfter: 3_600_000 })).toBe(false);
});

test("more failures than there are retries are the end", async () => {
  expect(await waitToRetry(3, { retries: 2, delay: 100 })).toBe(false);
  expect(await waitToRetry(1, { retries: 0, delay: 100 })).toBe(false);
});

test("a wait ends with its signal, and leaves no listener behind", async () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  const wait = waitToRetry(5, { retries: 9, delay: 1000 }, { signal: stop.signal });
  stop.abort(reason);
  await expect(wait).rejects.toBe(reason);
  await expect(pause(1, stop.signal)).rejects.toBe(reason);
  expect(vi.getTimerCount()).toBe(0);
  const { signal } = new AbortController();
  const removed = vi.spyOn(signal, "removeEventListener");
  const paused = pause(5, signal);
  await vi.runAllTimersAsync();
  await paused;
  expect(removed).toHaveBeenCalledOnce();
});
