// The texts of JSON, RFC 8259, as expressions.
import { anyCharacter, type Characters, characters, oneOf, without } from "../text/characters.ts";
import {
  choice,
  type Expression,
  literal,
  nothing,
  optional,
  repeat,
  rule,
  sequence,
} from "../text/expression.ts";

const range = (first: string, last: string): Expression =>
  oneOf([[first.codePointAt(0)!, last.codePointAt(0)!]]);

const digit = range("0", "9");

/** Longer numbers lose digits where JavaScript reads them, and a model that began one may not find its end. */
const MOST_DIGITS = 15;

export const naturalNumber: Expression = choice([
  literal("0"),
  sequence(range("1", "9"), repeat(digit, 0, MOST_DIGITS - 1)),
]);
export const fraction: Expression = sequence(literal("."), repeat(digit, 1, MOST_DIGITS));
const exponent: Expression = sequence(
  choice([literal("e"), literal("E")]),
  optional(choice([literal("+"), literal("-")])),
  repeat(digit, 1, 2),
);
export const integer: Expression = sequence(optional(literal("-")), naturalNumber);
export const number: Expression = sequence(integer, optional(fraction), optional(exponent));

/** Between parts of a value: nothing, a space, or a new line and what indents it. */
export const space: Expression = rule("space");
const spaceRule: Expression = optional(
  choice([literal(" "), sequence(literal("\n"), repeat(choice([literal(" "), literal("\t")]), 0, 40))]),
);

const quote = 0x22;
const backslash = 0x5c;
const shortEscapes = new Map([
  [quote, '\\"'],
  [backslash, "\\\\"],
  [0x08, "\\b"],
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0c, "\\f"],
  [0x0d, "\\r"],
]);
const escaped: Characters = characters([
  [0, 0x1f],
  [quote, quote],
  [backslash, backslash],
]);

/** One of these characters inside a string: by itself, or by its escape where it needs one. */
export function stringCharacter(set: Characters): Expression {
  const plain = without(set, escaped);
  const escapes = Array.from({ length: backslash + 1 }, (_, character) => character)
    .filter((character) => character < 0x20 || character === quote || character === backslash)
    .filter((character) => set.some(([first, last]) => character >= first && character <= last))
    .map((character) =>
      literal(shortEscapes.get(character) ?? `\\u${character.toString(16).padStart(4, "0")}`),
    );
  return choice([...(plain.length > 0 ? [oneOf(plain)] : []), ...escapes]);
}

/** Any character inside a string. */
export const character: Expression = rule("character");

export function string(content: Expression): Expression {
  return sequence(literal('"'), content, literal('"'));
}

export const anyString: Expression = rule("string");
/** Any value. */
export const value: Expression = rule("value");

export function array(items: Expression): Expression {
  return sequence(literal("["), space, items, literal("]"));
}

export function object(members: Expression): Expression {
  return sequence(literal("{"), space, members, literal("}"));
}

export const comma: Expression = sequence(literal(","), space);

/** @param name - the expression of the name with its quotes. */
export function member(name: Expression, of: Expression): Expression {
  return sequence(name, literal(":"), space, of, space);
}

/** One value after another, with commas between. */
export function list(part: Expression, least: number, most: number): Expression {
  if (most === 0) return nothing;
  const some = sequence(part, repeat(sequence(comma, part), Math.max(least - 1, 0), most - 1));
  return least === 0 ? optional(some) : some;
}

/** This value as JSON, with white space where it may stand. */
export function constant(of: unknown): Expression {
  if (Array.isArray(of)) {
    const parts = of.flatMap((item, i) => [...(i > 0 ? [comma] : []), constant(item), space]);
    return array(sequence(...parts));
  }
  if (typeof of === "object" && of !== null) {
    const parts = Object.entries(of).flatMap(([name, item], i) => [
      ...(i > 0 ? [comma] : []),
      member(literal(JSON.stringify(name)), constant(item)),
    ]);
    return object(sequence(...parts));
  }
  return literal(JSON.stringify(of));
}

/** What the expressions above call by name. */
export const jsonRules: ReadonlyMap<string, Expression> = new Map<string, Expression>([
  ["space", spaceRule],
  ["character", stringCharacter(anyCharacter)],
  ["string", string(repeat(character, 0, Infinity))],
  [
    "value",
    choice([
      anyString,
      number,
      literal("true"),
      literal("false"),
      literal("null"),
      array(list(sequence(value, space), 0, Infinity)),
      object(list(member(anyString, value), 0, Infinity)),
    ]),
  ],
]);
