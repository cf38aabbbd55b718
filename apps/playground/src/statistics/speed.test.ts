import { expect, test } from "vitest";
import { emptyStep, type Step } from "../conversation/turn.ts";
import { decodeRate, prefillRate, usageOf } from "./speed.ts";

const finished: Step = {
  ...emptyStep(0),
  tokenCount: 30,
  finish: {
    reason: "stop",
    reasoningEnd: undefined,
    usage: { promptTokens: 100, cachedTokens: 60, completionTokens: 30, reasoningTokens: 10 },
    prefillSeconds: 0.5,
    decodeSeconds: 2,
  },
};

test("the rate is the engine's once it has finished", () => {
  expect(decodeRate([finished])).toBe(15);
  expect(decodeRate([finished, finished])).toBe(15);
  expect(prefillRate([finished])).toBe(80);
});

test("while tokens come the rate is that of their coming, from the first on", () => {
  expect(decodeRate([{ ...emptyStep(0), tokenCount: 11, firstTokenAt: 1000, lastTokenAt: 1500 }])).toBe(20);
  expect(
    decodeRate([{ ...emptyStep(0), tokenCount: 1, firstTokenAt: 1000, lastTokenAt: 1000 }]),
  ).toBeUndefined();
  expect(decodeRate([])).toBeUndefined();
  expect(prefillRate([emptyStep(0)])).toBeUndefined();
});

test("the usage of a turn is that of its steps together", () => {
  expect(usageOf([finished, emptyStep(0), finished])).toMatchObject({ promptTokens: 200, cachedTokens: 120 });
  expect(usageOf([emptyStep(0)])).toBeUndefined();
});
