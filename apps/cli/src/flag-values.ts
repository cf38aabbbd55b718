import { InvalidArgumentError } from "commander";

// Each turns the text after a flag into its value, or says what it should be.

/** A whole number, `least` or more, and `most` at most. */
export function wholeNumber(least: number, most?: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    const isWithin = value >= least && value <= (most ?? Number.MAX_SAFE_INTEGER);
    if (/^\d+$/.test(text.trim()) && isWithin) return value;
    const range = most === undefined ? `, ${least} or more` : ` from ${least} to ${most}`;
    throw new InvalidArgumentError(`It should be a whole number${range}.`);
  };
}

export function decimal(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("It should be a number.");
}

/** Seeds have 64 bits, more than a number holds. */
export function seed(text: string): bigint {
  if (/^-?\d+$/.test(text.trim())) return BigInt(text);
  throw new InvalidArgumentError("It should be a whole number.");
}

/** Ids with commas or spaces between them: `5,17,42`. */
export function tokenIds(text: string): number[] {
  const list = text.trim();
  return list === "" ? [] : list.split(/\s*,\s*|\s+/).map(wholeNumber(0));
}

/** One `token=bias`, added to those before it. */
export function tokenBias(
  text: string,
  before: ReadonlyMap<number, number> = new Map(),
): Map<number, number> {
  const match = /^(\d+)=(.+)$/.exec(text.trim());
  if (match === null) throw new InvalidArgumentError("It should be a token id, =, and a number or -inf.");
  const bias = match[2] === "-inf" ? Number.NEGATIVE_INFINITY : decimal(match[2]!);
  return new Map(before).set(Number(match[1]), bias);
}

/** One of several texts, added to those before it. */
export function listed(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
