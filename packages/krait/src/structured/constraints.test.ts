import type { Tokenizer } from "@krait/tokenizer";
import { expect, test, vi } from "vitest";
import { Constraints } from "./constraints.ts";

/** Of a vocabulary of characters, and how often each was asked for. */
function overCharacters() {
  const tokenBytes = vi.fn((id: number) => Uint8Array.of(id));
  const tokenizer: Pick<Tokenizer, "vocabularySize" | "specialTokens" | "tokenBytes"> = {
    ...{ vocabularySize: 127, specialTokens: new Map(), tokenBytes },
  };
  const constraints = new Constraints(() => ({
    ...{ tokenizer: tokenizer as Tokenizer, vocabularySize: 127, endTokens: [0] },
  }));
  return { constraints, tokenBytes };
}

const of = (pattern: string) => ({ format: { type: "regex", pattern } }) as const;

test("the vocabulary is prepared once, when something is held to a grammar", () => {
  const { constraints, tokenBytes } = overCharacters();
  expect(constraints.of({}, [])).toBeUndefined();
  expect(tokenBytes).not.toHaveBeenCalled();
  for (const pattern of ["a+", "b+", "a+"]) expect(constraints.of(of(pattern), [])).toBeDefined();
  expect(tokenBytes).toHaveBeenCalledTimes(126);
});

test("answers of one grammar share its masks, and go their own ways in it", () => {
  const { constraints } = overCharacters();
  const [one, other] = [constraints.of(of("ab|ac"), [])!(), constraints.of(of("ab|ac"), [])!()];
  expect(other.mask()).toBe(one.mask());
  one.accept(97);
  expect(other.mask()).not.toBe(one.mask());
  other.accept(97);
  expect(other.mask()).toBe(one.mask());
  one.accept(98);
  expect([one.isFinished, other.isFinished]).toEqual([true, false]);
});

test("an answer that has begun goes on from there, and a start that does not fit is told as such", () => {
  const { constraints } = overCharacters();
  const begun = constraints.of(of("ab|cd"), [], "\na")!();
  begun.accept(98);
  expect(begun.isFinished).toBe(true);
  expect(() => constraints.of(of("ab|cd"), [], "ad")).toThrow(
    expect.objectContaining({ code: "GRAMMAR_OPTION", message: expect.stringContaining('begins with "ad"') }),
  );
});

test("what else goes wrong with a start is told as what it is", () => {
  const { constraints } = overCharacters();
  const wide = of("[ab]*a[ab]{500}");
  // Texts whose last letters differ are as many states, each of hundreds of places.
  let random = 1;
  const start = Array.from({ length: 10_000 }, () => {
    random = Math.imul(random, 1_103_515_245) + 12_345;
    return "ab"[(random >>> 16) & 1];
  }).join("");
  expect(() => constraints.of(wide, [], start)).toThrow(
    expect.objectContaining({ code: "GRAMMAR_TOO_LARGE", message: expect.stringContaining("ways") }),
  );
  // What that one left behind is not used again.
  const next = constraints.of(wide, [], start.slice(0, 1000))!();
  next.accept(97);
  expect(next.isFinished).toBe(false);
});
