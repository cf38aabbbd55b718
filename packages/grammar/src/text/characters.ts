import { type ByteRange, choice, type Expression, sequence } from "./expression.ts";

/** Code points from the first to the last, both included; sorted and apart from each other. */
export type Characters = readonly (readonly [first: number, last: number])[];

const LAST = 0x10ffff;

/** Every code point but the surrogates, which no UTF-8 text has. */
export const anyCharacter: Characters = [
  [0, 0xd7ff],
  [0xe000, LAST],
];

/** Sorts ranges, and joins those that touch. */
export function characters(ranges: Iterable<readonly [number, number]>): Characters {
  const joined: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = joined.at(-1);
    if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else joined.push([first, last]);
  }
  return joined;
}

/** Those of `all` that are not in `some`. */
export function without(all: Characters, some: Characters): Characters {
  const left: [number, number][] = [];
  for (const [first, last] of all) {
    let next = first;
    for (const [from, to] of some) {
      if (to < next || from > last) continue;
      if (from > next) left.push([next, from - 1]);
      next = to + 1;
    }
    if (next <= last) left.push([next, last]);
  }
  return left;
}

export function both(a: Characters, b: Characters): Characters {
  return without(a, without([[0, LAST]], b));
}

/** One of these characters, in UTF-8. Surrogates are left out. */
export function oneOf(set: Characters): Expression {
  const single: ByteRange[] = [];
  const longer: Expression[] = [];
  for (const [first, last] of both(set, anyCharacter)) {
    for (const [from, to] of cutByLength(first, last)) {
      if (to < 0x80) single.push([from, to]);
      else longer.push(...byteSequences(utf8(from), utf8(to)));
    }
  }
  const options = single.length > 0 ? [{ kind: "byte", ranges: single } as const, ...longer] : longer;
  return choice(options);
}

/** Cut where the number of bytes changes. */
function* cutByLength(first: number, last: number): Generator<readonly [number, number]> {
  let from = first;
  for (const end of [0x7f, 0x7ff, 0xffff, LAST]) {
    if (from > last) return;
    if (from > end) continue;
    yield [from, Math.min(last, end)];
    from = end + 1;
  }
}

function utf8(character: number): number[] {
  return [...new TextEncoder().encode(String.fromCodePoint(character))];
}

/** The byte strings from the first to the last of one length, as sequences of ranges of bytes. */
function byteSequences(first: readonly number[], last: readonly number[]): Expression[] {
  const byte = (from: number, to: number): Expression => ({ kind: "byte", ranges: [[from, to]] });
  const [from, ...restOfFirst] = first as [number, ...number[]];
  const [to, ...restOfLast] = last as [number, ...number[]];
  if (restOfFirst.length === 0) return [byte(from, to)];
  const behind = (lead: number, a: readonly number[], b: readonly number[]) =>
    sequence(byte(lead, lead), choice(byteSequences(a, b)));
  if (from === to) return [behind(from, restOfFirst, restOfLast)];
  const lowest = restOfFirst.map(() => 0x80);
  const highest = restOfFirst.map(() => 0xbf);
  const isWhole = (a: readonly number[], b: readonly number[]) => a.every((value, i) => value === b[i]);
  const sequences: Expression[] = [];
  let [middleFrom, middleTo] = [from, to];
  if (!isWhole(restOfFirst, lowest)) {
    sequences.push(behind(from, restOfFirst, highest));
    middleFrom++;
  }
  if (!isWhole(restOfLast, highest)) {
    sequences.push(behind(to, lowest, restOfLast));
    middleTo--;
  }
  if (middleFrom <= middleTo) {
    sequences.push(sequence(byte(middleFrom, middleTo), ...lowest.map(() => byte(0x80, 0xbf))));
  }
  return sequences;
}
