import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TimedEvent } from "../conversation/apply-events.ts";
import { EventGatherer } from "./event-gatherer.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const delta = (text: string) => ({ type: "text-delta", text }) as const;
const textsOf = (events: readonly TimedEvent[]) =>
  events.map(({ event }) => (event.type === "text-delta" ? event.text : "")).join("");

test("events that come together are shown together, and none waits for the next", async () => {
  const shown: string[] = [];
  const gatherer = new EventGatherer(async (events) => void shown.push(textsOf(events)));
  gatherer.add(delta("a"));
  gatherer.add(delta("b"));
  await vi.advanceTimersByTimeAsync(100);
  gatherer.add(delta("c"));
  await vi.advanceTimersByTimeAsync(100);
  expect(shown).toEqual(["ab", "c"]);
});

test("events are shown in their order, however long that takes", async () => {
  const shown: string[] = [];
  const gatherer = new EventGatherer(async (events) => {
    if (shown.length === 0) await new Promise((resolve) => setTimeout(resolve, 500));
    shown.push(textsOf(events));
  });
  gatherer.add(delta("slow"));
  await vi.advanceTimersByTimeAsync(100);
  gatherer.add(delta("quick"));
  const flushed = gatherer.flush();
  await vi.advanceTimersByTimeAsync(1000);
  await flushed;
  expect(shown).toEqual(["slow", "quick"]);
});
