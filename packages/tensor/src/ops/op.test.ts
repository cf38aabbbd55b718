import { describe, expect, test } from "vitest";
import { accessOf, type Op, opNames } from "./op.ts";

const view = (value: number) => ({ value, offset: 0, columns: 8 });

describe("accessOf", () => {
  test("tells what an op reads and writes, by the kind of reference and the field's name", () => {
    const attention: Op = {
      op: "attention",
      query: view(1),
      heads: 2,
      keyValueHeads: 1,
      headDim: 4,
      scale: 0.5,
      slot: { feed: "slot" },
      position: { feed: "position" },
      pageTable: { state: "pageTable", access: "read" },
      keys: { state: "keys", access: "read" },
      values: { state: "values", access: "read" },
      output: view(2),
    };
    expect(accessOf(attention)).toEqual({
      reads: [view(1)],
      writes: [view(2)],
      weights: [],
      feeds: [{ feed: "slot" }, { feed: "position" }],
      states: [
        { state: "pageTable", access: "read" },
        { state: "keys", access: "read" },
        { state: "values", access: "read" },
      ],
    });
  });

  test("sees optional operands only where they are given, and every output", () => {
    const linear: Op = { op: "linear", input: view(0), weight: { weight: "w" }, output: view(1) };
    expect(accessOf(linear).reads).toEqual([view(0)]);
    const whole: Op = { ...linear, bias: { weight: "b" }, residual: view(5), activation: "silu" };
    expect(accessOf(whole).reads).toEqual([view(0), view(5)]);
    expect(accessOf(whole).weights).toEqual([{ weight: "w" }, { weight: "b" }]);
    const topK: Op = {
      op: "topK",
      logits: { state: "logits", access: "read" },
      outputIds: view(3),
      outputLogits: view(4),
    };
    expect(accessOf(topK).writes).toEqual([view(3), view(4)]);
  });
});

test("there are sixteen ops", () => {
  expect(new Set(opNames).size).toBe(16);
});
