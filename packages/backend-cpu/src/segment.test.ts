import { describe, expect, test } from "vitest";
import { alongSegments, readSegments } from "./segment.ts";

describe("alongSegments", () => {
  /** Each row adds itself + 1 to its slot. */
  const run = (feed: number[], state: Int32Array) => {
    const visited: number[] = [];
    alongSegments(readSegments(Int32Array.from(feed), feed.length / 6), state, 1, (row, slot) => {
      visited.push(row);
      state[slot]! += row + 1;
    });
    return visited;
  };

  test("takes each segment's rows in order, in its write slot", () => {
    const state = Int32Array.of(100, 200, 0);
    expect(run([0, 2, 0, 0, -1, -1, 2, 1, 1, 2, -1, -1], state)).toEqual([0, 1, 2]);
    expect([...state]).toEqual([103, 200, 203]);
  });

  test("keeps the state after the mark row in the mark slot", () => {
    const state = Int32Array.of(100, 0, 0);
    run([0, 3, 0, 0, 1, 2], state);
    expect([...state]).toEqual([106, 0, 103]);
  });

  test("a segment without rows copies its read slot to its write slot", () => {
    const state = Int32Array.of(100, 5);
    expect(run([0, 0, 0, 1, -1, -1], state)).toEqual([]);
    expect([...state]).toEqual([100, 100]);
  });

  test("a write slot of −1 is padding", () => {
    const state = Int32Array.of(7);
    expect(run([0, 0, -1, -1, -1, -1, 0, 1, 0, 0, -1, -1], state)).toEqual([0]);
    expect([...state]).toEqual([8]);
  });
});
