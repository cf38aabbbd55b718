import { expect, test } from "vitest";
import { StepLayout } from "./step-layout.ts";

const largest = { rows: 6, segments: 2, longestSegment: 6, context: 6, outputRows: 1 };

/** Of 12 and of 6 words. */
const program = {
  feeds: {
    wide: { shape: ["segments", 6], dtype: "i32" },
    token: { shape: ["rows"], dtype: "i32" },
  },
} as const;

test("extents come first, then feeds from the smallest, each at a multiple of four words", () => {
  const layout = new StepLayout(program, largest);
  expect(layout.extent("rows")).toBe(0);
  expect(layout.extent("outputRows")).toBe(4);
  expect(layout.feed({ feed: "token" })).toBe(8);
  expect(layout.feed({ feed: "wide" })).toBe(16);
  expect(layout.words).toBe(28);
});

test("what is written ends where the last given word stands, and what has no room is left out", () => {
  const layout = new StepLayout(program, largest);
  const words = new Int32Array(layout.words);
  expect(layout.writeExtents(words, { ...largest, rows: 2 })).toBe(5);
  expect(layout.writeFeed(words, "token", new Uint8Array(Int32Array.of(7, 9).buffer))).toBe(10);
  const tooMany = Int32Array.from({ length: 13 }, (_, index) => 100 + index);
  expect(layout.writeFeed(words, "wide", new Uint8Array(tooMany.buffer))).toBe(28);
  expect([...words.subarray(0, 12)]).toEqual([2, 2, 6, 6, 1, 0, 0, 0, 7, 9, 0, 0]);
  expect([...words.subarray(16)]).toEqual([...tooMany.subarray(0, 12)]);
});
