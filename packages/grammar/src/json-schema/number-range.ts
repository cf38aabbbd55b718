import { oneOf } from "../text/characters.ts";
import { choice, type Expression, literal, nothing, optional, repeat, sequence } from "../text/expression.ts";
import { fraction } from "./json-text.ts";

/** Bounds of a number; whole numbers. */
export interface NumberRange {
  readonly least: number;
  readonly most: number;
  /** Whether the bound itself is left out. */
  readonly isAbove?: boolean;
  readonly isBelow?: boolean;
}

/** Where nothing bounds a number, this does: the largest of fifteen digits. */
export const GREATEST = 999_999_999_999_999;

const digits = (first: number, last: number) => oneOf([[0x30 + first, 0x30 + last]]);
const zeros = repeat(digits(0, 0), 0, Infinity);
/** More than nothing after the point. */
const someFraction = sequence(literal("."), zeros, digits(1, 9), repeat(digits(0, 9), 0, 14));

/** Whole numbers from the least to the most, both included; undefined where there are none. */
export function integersBetween(least: number, most: number): Expression | undefined {
  const options: Expression[] = [];
  if (least < 0) {
    const [from, to] = [Math.max(1, -most), -least];
    if (from <= to) options.push(sequence(literal("-"), naturalsBetween(from, to)));
  }
  if (most >= 0 && least <= most) options.push(naturalsBetween(Math.max(0, least), most));
  return options.length > 0 ? choice(options) : undefined;
}

/** Numbers with or without a fraction; undefined where there are none. */
export function numbersBetween({ least, most, isAbove, isBelow }: NumberRange): Expression | undefined {
  const options: Expression[] = [];
  if (least < 0) {
    const magnitudes = magnitudesBetween({
      least: Math.max(0, -most),
      most: -least,
      // Zero is written without a sign.
      isAbove: most >= 0 || isBelow === true,
      isBelow: isAbove === true,
    });
    options.push(...magnitudes.map((part) => sequence(literal("-"), part)));
  }
  if (most >= 0) {
    const range = { least: Math.max(0, least), most, isBelow: isBelow === true };
    options.push(...magnitudesBetween({ ...range, isAbove: least >= 0 && isAbove === true }));
  }
  return options.length > 0 ? choice(options) : undefined;
}

function magnitudesBetween({ least, most, isAbove, isBelow }: Required<NumberRange>): Expression[] {
  const options: Expression[] = [];
  const firstWhole = isAbove ? least + 1 : least;
  // With a fraction behind it a number must stay below the next whole one, and so below the bound.
  if (firstWhole <= most - 1) {
    options.push(sequence(naturalsBetween(firstWhole, most - 1), optional(fraction)));
  }
  if (!isBelow && most >= firstWhole) options.push(naturalsBetween(most, most));
  if (isAbove && least < most) options.push(sequence(naturalsBetween(least, least), someFraction));
  return options;
}

function naturalsBetween(least: number, most: number): Expression {
  const options: Expression[] = [];
  for (let from = least; from <= most; ) {
    const length = String(from).length;
    const to = Math.min(most, 10 ** length - 1);
    options.push(digitsBetween(String(from), String(to)));
    from = to + 1;
  }
  return choice(options);
}

/** Strings of digits of one length, from the first to the last in their order. */
function digitsBetween(first: string, last: string): Expression {
  if (first === "") return nothing;
  const rest = first.length - 1;
  if (/^0*$/.test(first) && /^9*$/.test(last)) return repeat(digits(0, 9), rest + 1, rest + 1);
  const [low, high] = [Number(first[0]), Number(last[0])];
  const behind = (lead: number, from: string, to: string) =>
    sequence(digits(lead, lead), digitsBetween(from, to));
  if (low === high) return behind(low, first.slice(1), last.slice(1));
  const options = [
    behind(low, first.slice(1), "9".repeat(rest)),
    behind(high, "0".repeat(rest), last.slice(1)),
  ];
  if (low + 1 < high) options.push(sequence(digits(low + 1, high - 1), repeat(digits(0, 9), rest, rest)));
  return choice(options);
}
