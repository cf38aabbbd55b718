// e^x and log(1 + x). There is no C library here, and a result must not depend on the browser or
// the system.
//
//   e^x = 2^k · e^r,  k = round(x / ln 2),  r = x − k · ln 2,  |r| ≤ ln 2 / 2
//   e^r = 1 + r + r²/2! + r³/3! + …
//
// ln 2 is taken away in two parts, of which the upper one has so few bits that its product with k is
// exact. Cody & Waite, "Software Manual for the Elementary Functions", 1980, chapter 6.
#pragma once

#include "vector.h"

// A vector at a time in f32, to about one unit in the last place. Below −87.3 the result is the smallest
// normal number and above 88 about the largest; NaN stays NaN.
INLINE Floats exp_of(Floats x) {
  x = at_least(at_most(x, splat(88.02f)), splat(-87.33654f));
  // Added to a small number, this leaves the nearest whole one in the last bits of the sum.
  Floats rounder = splat(0x1.8p23f);
  Floats rounded = x * 1.44269504f + rounder;
  Floats k = rounded - rounder;
  Floats r = x - k * 0.693359375f;
  r = r - k * -2.12194440e-4f;
  // The first term left out, r⁸/8!, is below 2⁻²⁷.
  Floats sum = splat(1.0f / 5040);
  sum = multiply_add(splat(1.0f / 720), sum, r);
  sum = multiply_add(splat(1.0f / 120), sum, r);
  sum = multiply_add(splat(1.0f / 24), sum, r);
  sum = multiply_add(splat(1.0f / 6), sum, r);
  sum = multiply_add(splat(0.5f), sum, r);
  sum = multiply_add(splat(1), sum, r);
  sum = multiply_add(splat(1), sum, r);
  return sum * (Floats)(((Integers)rounded - (Integers)rounder + 127) << 23);
}

// 2⁻ᵏ for k from 0 to 1074, by its bits; the last 52 are subnormal.
INLINE double negative_power_of_two(uint32_t k) {
  union { uint64_t bits; double value; } power;
  power.bits = k <= 1022 ? (uint64_t)(1023 - k) << 52 : (uint64_t)1 << (1074 - k);
  return power.value;
}

// e^x for x ≤ 0 in f64: the operations of `exponential` in @krait/sampler in the same order, so that
// every bit is the same and no draw can turn out differently.
static inline double exponential(double x) {
  const double upper = 2977044472.0 / 4294967296.0, lower = -4.2009150726810846e-11;
  static const double coefficients[] = {  // 1/n! for n = 13 … 0
      1 / 6227020800.0, 1 / 479001600.0, 1 / 39916800.0, 1 / 3628800.0, 1 / 362880.0, 1 / 40320.0, 1 / 5040.0,
      1 / 720.0,        1 / 120.0,       1 / 24.0,       1 / 6.0,       1 / 2.0,      1,           1};
  double turns = -x * 1.4426950408889634;
  double k = __builtin_floor(turns);
  if (turns - k >= 0.5) k += 1;
  if (!(k < 1075)) return 0;
  double r = x + k * upper + k * lower;
  double sum = 0;
  for (uint32_t i = 0; i < 14; i++) sum = sum * r + coefficients[i];
  return sum * negative_power_of_two((uint32_t)k);
}

// log(1 + x) for 0 ≤ x ≤ 1 = 2 · atanh(s), s = x / (2 + x) ≤ 1/3; the first term left out is below 2⁻⁶⁰.
static inline double log_of_one_plus(double x) {
  double s = x / (2 + x), square = s * s, sum = 0;
  for (int32_t n = 37; n > 0; n -= 2) sum = sum * square + 1.0 / n;
  return 2 * s * sum;
}

// log(x) for a normal x > 0: the logarithm of its exponent's power of two and of what is left.
static inline double logarithm(double x) {
  union { double value; uint64_t bits; } parts = {x};
  if (!(x > 0) || x > 1.7976931348623157e308) return x > 0 ? x : __builtin_nan("");
  double exponent = (double)((int32_t)(parts.bits >> 52) - 1023);
  parts.bits = (parts.bits & 0x000fffffffffffffull) | 0x3ff0000000000000ull;
  return exponent * 0.6931471805599453 + log_of_one_plus(parts.value - 1);
}
