import type { AST } from "@eslint-community/regexpp";
import { isAnchor, parsePattern } from "./parse-pattern.ts";

/** In code points. */
export type Lengths = readonly [least: number, most: number];

/**
 * How long the texts are in which a regular expression matches anywhere: no text is shorter or longer.
 *
 * @throws {GrammarError} `GRAMMAR_REGEX` where it is wrong.
 */
export function regexLengths(pattern: string): Lengths {
  return either(
    parsePattern(pattern).alternatives.map(({ elements }) => {
      const isWhole = isAnchor(elements[0], "start") && isAnchor(elements.at(-1), "end");
      const [least, most] = sum(elements);
      return [least, isWhole ? most : Infinity];
    }),
  );
}

function lengthsOf(node: AST.Element): Lengths {
  switch (node.type) {
    case "Assertion":
      return [0, 0];
    case "Group":
    case "CapturingGroup":
      return either(node.alternatives.map(({ elements }) => sum(elements)));
    case "Quantifier": {
      const [least, most] = lengthsOf(node.element);
      return [least * node.min, most === 0 ? 0 : most * node.max];
    }
    case "Backreference":
      return [0, Infinity];
    default:
      return [1, 1];
  }
}

const sum = (elements: readonly AST.Element[]): Lengths =>
  elements.map(lengthsOf).reduce(([a, b], [least, most]) => [a + least, b + most], [0, 0]);

const either = (options: readonly Lengths[]): Lengths => [
  Math.min(...options.map(([least]) => least)),
  Math.max(...options.map(([, most]) => most)),
];
