import { Random } from "@krait/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { vocabulary } from "../test-support/byte-vocabulary.ts";
import { drawText, hasText } from "../test-support/texts-of.ts";
import { choiceGrammar, regexGrammar, TokenMasks } from "./index.ts";

const patterns = [
  "a+b*",
  "(foo|bar){2,3}",
  "[^a-z]{1,4}",
  "\\d{3}-\\w\\s",
  "x|",
  ".",
  "[\\u00e0-\\u{1f600}]{2}",
  "(?:a|(b)){0,3}c?",
  "^start.{0,3}end$",
];

describe.each(patterns)("the regular expression %s", (pattern) => {
  const whole = new RegExp(`^(?:${pattern})$`, "u");
  const grammar = regexGrammar(pattern);

  test("matches whatever is drawn under its masks", () => {
    const masks = new TokenMasks(grammar, vocabulary);
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        expect(drawText(masks, new Random(seed))).toMatch(whole);
      }),
      { numRuns: 30 },
    );
  });

  test("allows a text exactly when JavaScript's own matches it", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 4 }),
      fc.stringMatching(whole),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(text, (sample) => {
        fc.pre(!/\p{Surrogate}/u.test(sample));
        expect(hasText(grammar, sample)).toBe(whole.test(sample));
      }),
      { numRuns: 60 },
    );
  });
});

test.each(["(?=a)b", "a\\b", "(a)\\1", "\\p{L}", "(", "a^b"])("%s is refused with its reason", (pattern) => {
  expect(() => regexGrammar(pattern)).toThrow(
    expect.objectContaining({ code: "GRAMMAR_REGEX", message: expect.stringContaining(pattern) }),
  );
});

test("texts may have more characters than a call can have arguments", () => {
  const long = "x".repeat(150_000);
  expect(() => [choiceGrammar([long]), regexGrammar(long)]).not.toThrow();
});

test("a choice has its texts and no others", () => {
  const grammar = choiceGrammar(["yes", "no", "not sure"]);
  for (const text of ["yes", "no", "not sure"]) expect(hasText(grammar, text)).toBe(true);
  for (const text of ["", "n", "not", "nope", "yes "]) expect(hasText(grammar, text)).toBe(false);
  expect(() => choiceGrammar([])).toThrow(expect.objectContaining({ code: "GRAMMAR_OPTION" }));
});

test("a pattern that can be read in too many ways ends with an error, and not with the memory", () => {
  const { automaton } = new TokenMasks(regexGrammar("[ab]*a[ab]{500}"), vocabulary);
  const random = new Random(1);
  const readOn = () => {
    for (let state = automaton.start; ; ) state = automaton.next(state, random.integer(97, 99));
  };
  expect(readOn).toThrow(expect.objectContaining({ code: "GRAMMAR_TOO_LARGE" }));
  expect(automaton.size).toBeLessThan(1_100_000);
});
