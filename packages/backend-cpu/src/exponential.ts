// e^x for x ≤ 0, for the softmax of attention. There it is the whole cost of a position beside the two
// products, and `Math.exp` takes more than twice as long.
//
//   x = −k · ln 2 / 64 + r, |r| ≤ ln 2 / 128        e^x = 2^−floor(k / 64) · 2^−((k mod 64) / 64) · e^r
//   e^r = 1 + r + r²/2! + … + r⁵/5!                 the first term left out is below 2⁻⁵⁴
//
// Tang 1989, "Table-driven implementation of the exponential function", doi:10.1145/63522.214389.

const PARTS = 64;
const PARTS_PER_UNIT = PARTS / Math.LN2;
// ln 2 / 64 in two parts. The first has 32 bits, so that its product with k is exact.
const UPPER = 2977044472 / 2 ** 38;
const LOWER = -4.2009150726810846e-11 / PARTS;
const ROOTS = Float64Array.from({ length: PARTS }, (_, k) => 2 ** (-k / PARTS));
const POWERS = Float64Array.from({ length: 1076 }, (_, k) => 2 ** -k);

/** e^x for x ≤ 0, −∞ included, to two units in the last place. */
export function exponential(x: number): number {
  if (x < -745) return 0;
  const k = (0.5 - x * PARTS_PER_UNIT) | 0;
  const r = x + k * UPPER + k * LOWER;
  const power = 1 + r * (1 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120)))));
  return power * ROOTS[k & (PARTS - 1)]! * POWERS[k >> 6]!;
}
