import type { AST } from "@eslint-community/regexpp";
import { anyCharacter, both, type Characters, characters, without } from "../text/characters.ts";
import { choice, type Expression, nothing, repeat, sequenceOf } from "../text/expression.ts";
import { isAnchor, parsePattern, regexError } from "./parse-pattern.ts";

const digits: Characters = characters([[0x30, 0x39]]);
const letters: Characters = characters([
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
]);
const spaces: Characters = characters(
  [..."\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff"]
    .map((space) => [space.codePointAt(0)!, space.codePointAt(0)!] as const)
    .concat([[0x2000, 0x200a]]),
);
const lineEnds: Characters = characters([
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
]);

export interface RegexOptions {
  /** How one character of a set is written. */
  readonly write: (set: Characters) => Expression;
  /** Whether the pattern is the whole text, or may stand anywhere in it, as `pattern` of JSON Schema means it. */
  readonly match: "whole" | "anywhere";
}

/**
 * The texts that a regular expression matches, in the syntax of JavaScript with the flag `u`.
 *
 * @throws {GrammarError} `GRAMMAR_REGEX` where it is wrong, or has assertions other than `^` at its beginning
 *   and `$` at its end, back references, or properties of Unicode.
 */
export function regexExpression(pattern: string, { write, match }: RegexOptions): Expression {
  const fail = (why: string): never => regexError(pattern, why);
  const around = match === "anywhere" ? repeat(write(anyCharacter), 0, Infinity) : nothing;

  const element = (node: AST.Element): Expression => {
    switch (node.type) {
      case "Character":
        return write([[node.value, node.value]]);
      case "CharacterSet":
      case "CharacterClass":
        return write(setOf(node));
      case "Group":
        if (node.modifiers) fail("it has modifiers");
        return choice(node.alternatives.map(inner));
      case "CapturingGroup":
        return choice(node.alternatives.map(inner));
      case "Quantifier":
        return repeat(element(node.element), node.min, node.max);
      case "Assertion":
        return fail(`the assertion ${node.raw} stands where it is not supported`);
      default:
        return fail(`${node.raw} is not supported`);
    }
  };
  const inner = ({ elements }: AST.Alternative): Expression => sequenceOf(elements.map(element));
  const outer = ({ elements }: AST.Alternative): Expression => {
    const from = isAnchor(elements[0], "start") ? 1 : 0;
    const to = elements.length - (isAnchor(elements.at(-1), "end") ? 1 : 0);
    return sequenceOf([
      from === 0 ? around : nothing,
      ...elements.slice(from, to).map(element),
      to === elements.length ? around : nothing,
    ]);
  };
  const setOf = (node: AST.CharacterClassElement | AST.CharacterClass | AST.CharacterSet): Characters => {
    switch (node.type) {
      case "Character":
        return [[node.value, node.value]];
      case "CharacterClassRange":
        return [[node.min.value, node.max.value]];
      case "CharacterClass": {
        const set = characters(
          node.elements.flatMap((part) => [...setOf(part as AST.CharacterClassElement)]),
        );
        return node.negate ? without(anyCharacter, set) : set;
      }
      case "CharacterSet": {
        if (node.kind === "any") return without(anyCharacter, lineEnds);
        if (node.kind === "property") return fail(`${node.raw} is not supported`);
        const set = { digit: digits, space: spaces, word: letters }[node.kind];
        return node.negate ? without(anyCharacter, set) : both(set, anyCharacter);
      }
      default:
        return fail(`${node.raw} is not supported`);
    }
  };

  return choice(parsePattern(pattern).alternatives.map(outer));
}
