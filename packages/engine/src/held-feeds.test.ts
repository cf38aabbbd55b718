import type { Extents, Step } from "@krait/tensor";
import { expect, test } from "vitest";
import { type Feed, HeldFeeds } from "./held-feeds.ts";

const extents: Extents = { rows: 2, segments: 2, longestSegment: 1, context: 9, outputRows: 2 };

/** A step that notes the feeds it is given, or refuses them. */
function watchedStep() {
  const seen: Readonly<Record<string, ArrayBufferView>>[] = [];
  let refuses = false;
  const step: Step = {
    outputs: {},
    run(_, feeds) {
      seen.push(feeds);
      if (refuses) throw new Error("refused");
    },
    [Symbol.dispose]() {},
  };
  const refuse = (now: boolean): void => {
    refuses = now;
  };
  return { step, seen, refuse };
}

const feeds = (position: number): Record<string, Feed> => ({
  slot: Int32Array.of(3, 1),
  position: Int32Array.of(position, 5),
  setting: Float32Array.of(0.5, Number.NaN),
  token: Int32Array.of(-1, -1),
});

test("what a feed holds already is not written again, and what a Program has no feed for never", () => {
  const { step, seen } = watchedStep();
  const held = new HeldFeeds(["slot", "position", "setting"]);
  const [first, second, third] = [
    feeds(1),
    feeds(2),
    { slot: Int32Array.of(3), position: Int32Array.of(2, 5) },
  ];
  for (const given of [first, second, { ...second }, third]) held.run(step, extents, given);
  const { slot, position, setting } = first;
  expect(seen).toEqual([
    { slot, position, setting },
    // NaN equals nothing.
    { position: second.position, setting: second.setting },
    {},
    { slot: third.slot },
  ]);
});

test("after a step that was refused everything is written anew", () => {
  const { step, seen, refuse } = watchedStep();
  const held = new HeldFeeds(["slot", "position"]);
  held.run(step, extents, feeds(1));
  refuse(true);
  expect(() => held.run(step, extents, feeds(2))).toThrow("refused");
  refuse(false);
  held.run(step, extents, feeds(2));
  const { slot, position } = feeds(2);
  expect(seen.at(-1)).toEqual({ slot, position });
});
