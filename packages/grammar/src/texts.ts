import { GrammarError } from "./grammar-error.ts";
import { regexExpression } from "./regex/regex.ts";
import { oneOf } from "./text/characters.ts";
import { choice, literal } from "./text/expression.ts";
import { createGrammar, type Grammar } from "./text/grammar.ts";

/**
 * The texts that a regular expression matches from beginning to end, in the syntax of JavaScript.
 *
 * @throws {GrammarError} `GRAMMAR_REGEX`.
 */
export function regexGrammar(pattern: string): Grammar {
  return createGrammar(regexExpression(pattern, { write: oneOf, match: "whole" }));
}

/**
 * One of these texts.
 *
 * @throws {GrammarError} `GRAMMAR_OPTION` when there is none.
 */
export function choiceGrammar(texts: readonly string[]): Grammar {
  if (texts.length === 0 || texts.some((text) => typeof text !== "string" || text === "")) {
    throw new GrammarError(
      "GRAMMAR_OPTION",
      "A choice should be a list of texts that are not empty, one at least.",
    );
  }
  return createGrammar(choice(texts.map(literal)));
}
