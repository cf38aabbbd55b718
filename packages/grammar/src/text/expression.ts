/**
 * A set of texts, over bytes. Expressions are data: they can be shared, printed and walked.
 *
 * A rule is named, so that an expression can hold itself: values of JSON hold values of JSON.
 */
export type Expression =
  | { readonly kind: "byte"; readonly ranges: readonly ByteRange[] }
  | { readonly kind: "sequence"; readonly parts: readonly Expression[] }
  | { readonly kind: "choice"; readonly options: readonly Expression[] }
  | { readonly kind: "repeat"; readonly part: Expression; readonly least: number; readonly most: number }
  | { readonly kind: "rule"; readonly name: string };

/** From the first to the last, both included. */
export type ByteRange = readonly [first: number, last: number];

/** The empty text. */
export const nothing: Expression = { kind: "sequence", parts: [] };

/** No text at all. */
export const never: Expression = { kind: "choice", options: [] };

export function sequence(...parts: readonly Expression[]): Expression {
  return sequenceOf(parts);
}

/** As {@link sequence}, of any number of parts: there may be more than a call can have arguments. */
export function sequenceOf(parts: readonly Expression[]): Expression {
  return parts.length === 1 ? parts[0]! : { kind: "sequence", parts };
}

export function choice(options: readonly Expression[]): Expression {
  return options.length === 1 ? options[0]! : { kind: "choice", options };
}

export function optional(part: Expression): Expression {
  return repeat(part, 0, 1);
}

/** @param most - may be Infinity. */
export function repeat(part: Expression, least: number, most: number): Expression {
  return { kind: "repeat", part, least, most };
}

export function rule(name: string): Expression {
  return { kind: "rule", name };
}

/** Exactly this text, in UTF-8. */
export function literal(text: string): Expression {
  const bytes = new TextEncoder().encode(text);
  return sequenceOf(Array.from(bytes, (byte): Expression => ({ kind: "byte", ranges: [[byte, byte]] })));
}
