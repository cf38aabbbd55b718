import { type AST, RegExpParser } from "@eslint-community/regexpp";
import { GrammarError } from "../grammar-error.ts";

/**
 * A regular expression in the syntax of JavaScript with the flag `u`.
 *
 * @throws {GrammarError} `GRAMMAR_REGEX` where it is wrong.
 */
export function parsePattern(pattern: string): AST.Pattern {
  try {
    return new RegExpParser({ ecmaVersion: 2025 }).parsePattern(pattern, 0, pattern.length, {
      unicode: true,
    });
  } catch (error) {
    const isKnown = error instanceof Error;
    return regexError(
      pattern,
      isKnown ? error.message.replace(/^Invalid regular expression: [^:]*: /, "") : "it is wrong",
    );
  }
}

/** Whether this ties an alternative to the text's beginning or end. */
export function isAnchor(node: AST.Element | undefined, kind: "start" | "end"): boolean {
  return node?.type === "Assertion" && node.kind === kind;
}

/** @throws {GrammarError} `GRAMMAR_REGEX`. */
export function regexError(pattern: string, why: string): never {
  throw new GrammarError("GRAMMAR_REGEX", `The regular expression /${pattern}/ cannot be enforced: ${why}.`);
}
