// Four f32 at a time, by the names that the matrix product uses.
#pragma once

#include <wasm_simd128.h>

#include "stored.h"

typedef Floats float4;

INLINE float4 add(float4 a, float4 b) { return a + b; }
INLINE float4 mul(float4 a, float4 b) { return a * b; }
INLINE float4 load4(const float *p) { return load(p); }
INLINE void store4(float *p, float4 x) { store(p, x); }
INLINE float4 load_upto4(const float *p, uint32_t count) { return load_upto(p, count); }
INLINE void store_upto4(float *p, float4 x, uint32_t count) { store_upto(p, x, count); }

// (a₀ + a₂) + (a₁ + a₃), the same for b, c and d: the sum of each in a lane of its own.
INLINE float4 sums_of(float4 a, float4 b, float4 c, float4 d) {
  float4 ab = __builtin_shufflevector(a, b, 0, 4, 1, 5) + __builtin_shufflevector(a, b, 2, 6, 3, 7);
  float4 cd = __builtin_shufflevector(c, d, 0, 4, 1, 5) + __builtin_shufflevector(c, d, 2, 6, 3, 7);
  return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}
