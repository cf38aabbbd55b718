// e^x for x ≤ 0: the operations of `exponential` in @krait/sampler in the same order, none of them
// contracted, so that every bit is the same and no draw can turn out differently.
//
//   x = k·ln 2 + r, |r| ≤ ln 2 / 2        e^x = 2^k · e^r        e^r = 1 + r + r²/2! + … + r¹³/13!
#pragma once
#include "kernel.cuh"

/// 2⁻ᵏ for k from 0 to 1074, by its bits; the last 52 are subnormal.
__device__ inline double negative_power_of_two(int k) {
  uint64_t bits = k <= 1022 ? uint64_t(1023 - k) << 52 : uint64_t{1} << (1074 - k);
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

__device__ __noinline__ double exponential(double x) {
  constexpr double COEFFICIENTS[] = {  // 1/n! for n = 13 … 0
      1 / 6227020800.0, 1 / 479001600.0, 1 / 39916800.0, 1 / 3628800.0, 1 / 362880.0, 1 / 40320.0, 1 / 5040.0,
      1 / 720.0,        1 / 120.0,       1 / 24.0,       1 / 6.0,       1 / 2.0,      1,           1};
  double turns = __dmul_rn(-x, 1.4426950408889634);
  double k = floor(turns);
  if (__dadd_rn(turns, -k) >= 0.5) k = __dadd_rn(k, 1);
  if (!(k < 1075)) return 0;
  double r = __dadd_rn(__dadd_rn(x, __dmul_rn(k, 2977044472.0 / 4294967296.0)), __dmul_rn(k, -4.2009150726810846e-11));
  double sum = 0;
#pragma unroll
  for (double coefficient : COEFFICIENTS) sum = __dadd_rn(__dmul_rn(sum, r), coefficient);
  return __dmul_rn(sum, negative_power_of_two(static_cast<int>(k)));
}
