// e^x for x ≤ 0 from additions, multiplications and a table alone. `Math.exp` may differ in the last
// bit from one JavaScript engine to the next, which could turn a draw; these operations may not.
//
//   x = k·ln 2 + r, |r| ≤ ln 2 / 2        e^x = 2^k · e^r        e^r = 1 + r + r²/2! + … + r¹³/13!
//
// The first term left out is below 2⁻⁵⁷, so the error is that of rounding: about one unit in the last place.

// ln 2 in two parts. The first has 32 bits, so that its product with k is exact.
const LN2_UPPER = 2977044472 / 2 ** 32;
const LN2_LOWER = -4.2009150726810846e-11;

/** 1/n! for n = 13 … 0. */
const COEFFICIENTS = inverseFactorials(13).reverse();

/** 2⁻ᵏ at k, down to the smallest number above 0. */
const NEGATIVE_POWERS = negativePowersOfTwo(1074);

/** e^x for x ≤ 0, −∞ included. The same bits on every platform. */
export function exponential(x: number): number {
  const k = Math.round(-x * Math.LOG2E);
  if (!(k < NEGATIVE_POWERS.length)) return 0;
  const r = x + k * LN2_UPPER + k * LN2_LOWER;
  let sum = 0;
  for (let i = 0; i < COEFFICIENTS.length; i++) sum = sum * r + COEFFICIENTS[i]!;
  return sum * NEGATIVE_POWERS[k]!;
}

function inverseFactorials(last: number): Float64Array {
  const values = new Float64Array(last + 1);
  let factorial = 1;
  for (let n = 0; n <= last; n++) {
    values[n] = 1 / factorial;
    factorial *= n + 1;
  }
  return values;
}

function negativePowersOfTwo(last: number): Float64Array {
  const values = new Float64Array(last + 1);
  let value = 1;
  for (let k = 0; k <= last; k++, value /= 2) values[k] = value;
  return values;
}
