import { expect, test, vi } from "vitest";
import { createProgressMeter, type DownloadProgress } from "./progress.ts";

function meter() {
  let at = 0;
  const told: DownloadProgress[] = [];
  const progress = createProgressMeter(
    "org/name",
    (it) => told.push(it),
    () => at,
  );
  return { told, progress, after: (milliseconds: number) => (at += milliseconds) };
}

test("the speed is that of the network in the last seconds, whatever was on disk before", () => {
  const { told, progress, after } = meter();
  progress.expect(20_000);
  progress.found("a", 5000);
  for (let second = 1; second <= 4; second++) {
    after(1000);
    progress.received("b", 2000);
  }
  expect(told.at(-1)).toEqual({
    model: "org/name",
    file: "b",
    loadedBytes: 13_000,
    totalBytes: 20_000,
    bytesPerSecond: 2000,
    state: "downloading",
  });
  after(60_000);
  progress.waiting("c", 500);
  expect(told.at(-1)).toMatchObject({ file: "c", state: "waiting", loadedBytes: 13_500, bytesPerSecond: 0 });
  expect(progress.receivedBytes).toBe(8000);
});

test("it tells ten times a second at most, and at the end always", () => {
  const { told, progress, after } = meter();
  progress.expect(1000);
  for (let chunk = 0; chunk < 100; chunk++) {
    after(10);
    progress.received("a", 10);
  }
  expect(told.length).toBeLessThanOrEqual(10);
  progress.end();
  expect(told.at(-1)!.loadedBytes).toBe(1000);
});

test("it tells the last bytes before a pause, and nothing after the end", () => {
  vi.useFakeTimers();
  try {
    const { told, progress, after } = meter();
    progress.expect(1000);
    progress.received("a", 10);
    after(10);
    progress.received("a", 490);
    expect(told.at(-1)!.loadedBytes).toBe(10);
    after(100);
    vi.advanceTimersByTime(100);
    expect(told.at(-1)!.loadedBytes).toBe(500);
    after(10);
    progress.received("a", 500);
    progress.end();
    const count = told.length;
    vi.runAllTimers();
    expect(told).toHaveLength(count);
  } finally {
    vi.useRealTimers();
  }
});
