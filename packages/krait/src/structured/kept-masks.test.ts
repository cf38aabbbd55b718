import { expect, test } from "vitest";
import { KeptMasks } from "./kept-masks.ts";

interface Masks {
  size: number;
}

/** What had to be made for these to be asked for, in turn. */
function made(kept: KeptMasks<Masks>, asked: readonly string[], size = 100): string[] {
  const names: string[] = [];
  for (const name of asked) {
    kept.get(name, () => {
      names.push(name);
      return { size };
    });
  }
  return names;
}

test("a grammar is made once, as long as no more than 31 others have been asked for since", () => {
  const kept = new KeptMasks<Masks>();
  const all = Array.from({ length: 32 }, (_, index) => `g${index}`);
  expect(made(kept, all)).toEqual(all);
  expect(made(kept, all)).toEqual([]);
  expect(made(kept, ["g0"])).toEqual([]);
  // One more puts out the one that was asked for the longest ago, and no other.
  expect(made(kept, ["more"])).toEqual(["more"]);
  expect(
    made(
      kept,
      all.filter((name) => name !== "g1"),
    ),
  ).toEqual([]);
  expect(made(kept, ["g1"])).toEqual(["g1"]);
});

test("large ones put out others by their size, the least recently used first", () => {
  const kept = new KeptMasks<Masks>();
  expect(made(kept, ["a", "b", "c"], 300_000)).toHaveLength(3);
  expect(made(kept, ["a", "b", "c"])).toEqual([]);
  expect(made(kept, ["large"], 400_000)).toEqual(["large"]);
  expect(made(kept, ["b", "c", "large"])).toEqual([]);
  expect(made(kept, ["a"], 300_000)).toEqual(["a"]);
  expect(made(kept, ["c", "large", "a"])).toEqual([]);
  // As large as one may be: nothing else has room beside it.
  expect(made(kept, ["largest"], 1_000_000)).toEqual(["largest"]);
  expect(made(kept, ["largest"])).toEqual([]);
  expect(made(kept, ["a"])).toEqual(["a"]);
});

test("one that has grown beyond the bound is made anew", () => {
  const kept = new KeptMasks<Masks>();
  const masks = kept.get("a", () => ({ size: 10 }))!;
  masks.size = 1_000_000;
  expect(made(kept, ["a"])).toEqual([]);
  masks.size++;
  expect(made(kept, ["a"])).toEqual(["a"]);
  expect(made(kept, ["a"])).toEqual([]);
});

test("what cannot be made, and what there is no grammar for, changes nothing", () => {
  const kept = new KeptMasks<Masks>();
  expect(made(kept, ["a"])).toEqual(["a"]);
  expect(kept.get("free", () => undefined)).toBeUndefined();
  const wrong = () => {
    throw new TypeError("wrong");
  };
  expect(() => kept.get("wrong", wrong)).toThrow("wrong");
  expect(() => kept.get("wrong", wrong)).toThrow("wrong");
  expect(made(kept, ["a"])).toEqual([]);
});
