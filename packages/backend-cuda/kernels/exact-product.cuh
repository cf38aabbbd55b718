// Matrix products of f32 on tensor cores that keep about 22 bits of each number, which is nearly all of them.
//
//   x = high + low        high: x cut to the 11 bits that the unit reads, low: the rest
//   a · b ≈ high_a · high_b + high_a · low_b + low_a · high_b
//
// Ootomo & Yokota 2022, arXiv:2203.03341.
#pragma once
#include "instructions.cuh"

template <int COUNT>
static __device__ __forceinline__ void split_terms(const float (&x)[COUNT], float (&high)[COUNT], float (&low)[COUNT]) {
#pragma unroll
  for (int i = 0; i < COUNT; i++) {
    high[i] = __uint_as_float(__float_as_uint(x[i]) & 0xffffe000u);
    low[i] = x[i] - high[i];
  }
}

/// d += a · b for the fragments of `mma_16x8x8`; B_IS_SHORT where b's numbers have no more than 11 bits anyway.
template <bool B_IS_SHORT = false>
static __device__ __forceinline__ void exact_mma(float (&d)[4], const float (&a)[4], const float (&b)[2]) {
  float high_a[4], low_a[4];
  split_terms(a, high_a, low_a);
  if constexpr (B_IS_SHORT) {
    mma_16x8x8(d, low_a, b);
    mma_16x8x8(d, high_a, b);
  } else {
    float high_b[2], low_b[2];
    split_terms(b, high_b, low_b);
    mma_16x8x8(d, low_a, high_b);
    mma_16x8x8(d, high_a, low_b);
    mma_16x8x8(d, high_a, high_b);
  }
}

/// Adds to a warp's tile [16, 8] the product of [16, depth] and [depth, 8], which `a(row, k)` and `b(k, column)` read.
template <class A, class B>
static __device__ __forceinline__ void add_product(float (&sums)[4], int depth, A a, B b) {
  const int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
  for (int k = 0; k < depth; k += 8) {
    const float of_a[4] = {a(g, k + t), a(g + 8, k + t), a(g, k + t + 4), a(g + 8, k + t + 4)};
    const float of_b[2] = {b(k + t, g), b(k + t + 4, g)};
    exact_mma(sums, of_a, of_b);
  }
}
