import { anyCharacter, characters, without } from "../text/characters.ts";
import { choice, type Expression, literal, nothing, optional, repeat, sequence } from "../text/expression.ts";
import { comma, object, stringCharacter } from "./json-text.ts";

export interface Member {
  /** Name, colon and value. */
  readonly text: Expression;
  readonly isRequired: boolean;
}

/**
 * An object whose members come in this order, those that are not required or not.
 *
 * @param extra - further members at the end, any number of them; undefined for none.
 * @param define - makes a rule, of a name that no other of the object's has.
 */
export function objectOf(
  members: readonly Member[],
  extra: Expression | undefined,
  define: (name: string, expression: Expression) => Expression,
): Expression {
  const others = extra === undefined ? nothing : repeat(sequence(comma, extra), 0, Infinity);
  const firstRequired = members.findIndex(({ isRequired }) => isRequired);
  // Which member is first decides who has a comma before it. What follows a member is one rule, whichever
  // was first: an object takes as many places as it has members, and not their square.
  const options =
    firstRequired < 0 ? [extra === undefined ? nothing : optional(sequence(extra, others))] : [];
  let after = others;
  for (const [index, { text, isRequired }] of [...members.entries()].reverse()) {
    if (firstRequired < 0 || index <= firstRequired) options.unshift(sequence(text, after));
    const withComma = sequence(comma, text);
    after = define(`members from ${index}`, sequence(isRequired ? withComma : optional(withComma), after));
  }
  return object(choice(options));
}

/** A name in quotes, without escapes, that is none of these. */
export function otherName(names: readonly string[]): Expression {
  const plain = without(
    anyCharacter,
    characters([
      [0, 0x1f],
      [0x22, 0x22],
      [0x5c, 0x5c],
    ]),
  );
  const anyRest = repeat(stringCharacter(plain), 0, Infinity);
  const rest = (left: readonly string[]): Expression => {
    if (left.length === 0) return anyRest;
    const byFirst = new Map<number, string[]>();
    for (const name of left.filter((text) => text !== "")) {
      const first = name.codePointAt(0)!;
      byFirst.set(first, [...(byFirst.get(first) ?? []), name]);
    }
    const taken = characters([...byFirst.keys()].map((first) => [first, first] as const));
    const options = [sequence(stringCharacter(without(plain, taken)), anyRest)];
    for (const [first, same] of byFirst) {
      const text = String.fromCodePoint(first);
      if (plain.some(([from, to]) => first >= from && first <= to)) {
        options.push(sequence(literal(text), rest(same.map((name) => name.slice(text.length)))));
      }
    }
    if (!left.includes("")) options.push(nothing);
    return choice(options);
  };
  return sequence(literal('"'), rest(names), literal('"'));
}
