import { expect, test } from "vitest";
import { figure } from "./figure.ts";

test("a rate is good when it is above the peer's", () => {
  const { ratio, goal } = figure({
    name: "decode",
    value: 30,
    unit: "tokens/s",
    peer: { value: 20, name: "other", goal: 1 },
  });
  expect({ ratio, goal }).toEqual({ ratio: 1.5, goal: 1 });
});

test("a time is good when it is below the peer's", () => {
  const { ratio } = figure({
    name: "start",
    value: 2,
    unit: "s",
    peer: { value: 5, name: "other" },
    lessIsBetter: true,
  });
  expect(ratio).toBe(2.5);
});

test("a ratio that was measured pair by pair stands above that of the medians", () => {
  const peer = { value: 20, name: "other", ratio: 1.4 };
  expect(figure({ name: "decode", value: 30, unit: "tokens/s", peer }).ratio).toBe(1.4);
});

test("every line has the same fields, null where there is no peer", () => {
  expect(figure({ name: "decode", value: 1 / 3, unit: "tokens/s", busy: 0.12345 })).toEqual({
    name: "decode",
    value: 0.3333,
    unit: "tokens/s",
    peer: null,
    ratio: null,
    goal: null,
    against: null,
    busy: 0.123,
  });
});
