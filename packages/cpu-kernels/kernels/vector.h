// Vectors of f32, as wide as the processor that is compiled for has them.
//
// Arithmetic and comparisons are the compiler's own (GCC's vector extensions, which clang has too). What
// they have no word for is here, by its instruction where that matters. Nothing else in this folder knows
// how wide a vector is.
#pragma once

#include "kernel.h"

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX2__)
#define LANES 8
#else
#define LANES 4
#endif

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__wasm_relaxed_simd__)
#include <wasm_simd128.h>
#endif

typedef float Floats __attribute__((vector_size(LANES * 4)));
typedef float Floats4 __attribute__((vector_size(16)));
typedef int32_t Integers __attribute__((vector_size(LANES * 4)));
typedef double Doubles4 __attribute__((vector_size(32)));

INLINE Floats load(const float *p) {
  Floats x;
  __builtin_memcpy(&x, p, sizeof x);
  return x;
}

INLINE void store(float *p, Floats x) { __builtin_memcpy(p, &x, sizeof x); }

INLINE Floats splat(float x) { return x - (Floats){0}; }

// The ends of rows: the first `count` of a vector, zeros after them. Rare, so not worth their size inlined.
NOINLINE Floats load_some(const float *p, uint32_t count) {
  float values[LANES] = {0};
  for (uint32_t i = 0; i < count; i++) values[i] = p[i];
  return load(values);
}

NOINLINE void store_some(float *p, Floats x, uint32_t count) {
  float values[LANES];
  store(values, x);
  for (uint32_t i = 0; i < count; i++) p[i] = values[i];
}

INLINE Floats load_upto(const float *p, uint32_t count) {
  return count >= LANES ? load(p) : load_some(p, count);
}

INLINE void store_upto(float *p, Floats x, uint32_t count) {
  if (count >= LANES) store(p, x);
  else store_some(p, x, count);
}

// sum + a · b, rounded once where there is an instruction for it. Always this and never left to the
// compiler, which might fuse here and not there, and so tell equal rows apart.
INLINE Floats multiply_add(Floats sum, Floats a, Floats b) {
#if LANES == 16
  return _mm512_fmadd_ps(a, b, sum);
#elif LANES == 8 && defined(__FMA__)
  return _mm256_fmadd_ps(a, b, sum);
#elif defined(__wasm_relaxed_simd__)
  return (Floats)wasm_f32x4_relaxed_madd((v128_t)a, (v128_t)b, (v128_t)sum);
#else
  return sum + a * b;
#endif
}

INLINE Floats choose(Integers mask, Floats yes, Floats no) {
  return (Floats)((mask & (Integers)yes) | (~mask & (Integers)no));
}

// The first `count` lanes of x, and the others of `rest`.
INLINE Floats only_first(uint32_t count, Floats x, Floats rest) {
  Integers lane;
  for (int32_t i = 0; i < LANES; i++) lane[i] = i;
  return choose(lane < (int32_t)count, x, rest);
}

// The larger of each; x where it is not a number.
INLINE Floats at_least(Floats x, Floats least) {
#if LANES == 16
  return _mm512_max_ps(least, x);
#elif LANES == 8
  return _mm256_max_ps(least, x);
#elif defined(__x86_64__)
  return _mm_max_ps(least, x);
#else
  return choose(x < least, least, x);
#endif
}

// The smaller of each; x where it is not a number.
INLINE Floats at_most(Floats x, Floats most) {
#if LANES == 16
  return _mm512_min_ps(most, x);
#elif LANES == 8
  return _mm256_min_ps(most, x);
#elif defined(__x86_64__)
  return _mm_min_ps(most, x);
#else
  return choose(x > most, most, x);
#endif
}

// Halves are added to each other until four lanes are left.
INLINE Floats4 fold(Floats x) {
#if LANES == 16
  typedef float Floats8 __attribute__((vector_size(32)));
  union { Floats whole; Floats8 half[2]; } sixteen = {x};
  union { Floats8 whole; Floats4 half[2]; } eight = {sixteen.half[0] + sixteen.half[1]};
  return eight.half[0] + eight.half[1];
#elif LANES == 8
  union { Floats whole; Floats4 half[2]; } eight = {x};
  return eight.half[0] + eight.half[1];
#else
  return x;
#endif
}

// The sum of all lanes.
INLINE float sum_of(Floats x) {
  Floats4 four = fold(x);
  return (four[0] + four[2]) + (four[1] + four[3]);
}

// The largest of all lanes, each of which is a number.
INLINE float largest_lane(Floats x) {
  float values[LANES];
  store(values, x);
  float largest = values[0];
  for (uint32_t l = 1; l < LANES; l++) largest = values[l] > largest ? values[l] : largest;
  return largest;
}

// The lanes i and j of a, then k and l of b.
#if defined(__clang__)
#define LANES_OF(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, 4 + (k), 4 + (l))
#else
typedef int32_t Integers4 __attribute__((vector_size(16)));
#define LANES_OF(a, b, i, j, k, l) __builtin_shuffle(a, b, (Integers4){i, j, 4 + (k), 4 + (l)})
#endif

// The sums of four vectors' lanes, added as `sum_of` does.
INLINE Floats4 sums_of_four(Floats a, Floats b, Floats c, Floats d) {
  Floats4 w = fold(a), x = fold(b), y = fold(c), z = fold(d);
  Floats4 first = LANES_OF(w, x, 0, 1, 0, 1) + LANES_OF(w, x, 2, 3, 2, 3);
  Floats4 second = LANES_OF(y, z, 0, 1, 0, 1) + LANES_OF(y, z, 2, 3, 2, 3);
  return LANES_OF(first, second, 0, 2, 0, 2) + LANES_OF(first, second, 1, 3, 1, 3);
}

INLINE void store_four(float *p, Floats4 x) { __builtin_memcpy(p, &x, sizeof x); }

// A vector of its parts of four lanes, put together in registers: it cannot be loaded at once from what was just stored
// in pieces.
INLINE Floats join(const Floats4 parts[LANES / 4]) {
#if LANES == 8
  return _mm256_set_m128(parts[1], parts[0]);
#else
  Floats x;
  __builtin_memcpy(&x, parts, sizeof x);
  return x;
#endif
}

INLINE void part(Floats x, Floats4 parts[LANES / 4]) {
#if LANES == 8
  parts[0] = _mm256_castps256_ps128(x);
  parts[1] = _mm256_extractf128_ps(x, 1);
#else
  __builtin_memcpy(parts, &x, sizeof x);
#endif
}

// The sums of LANES vectors' lanes, added as `sum_of` does.
INLINE Floats sums_of_each(const Floats x[LANES]) {
#if LANES == 8
  // The halves of vector l and of l + 4 side by side.
  Floats folded[4];
#pragma GCC unroll 4
  for (uint32_t l = 0; l < 4; l++) {
    folded[l] = _mm256_permute2f128_ps(x[l], x[l + 4], 0x20) + _mm256_permute2f128_ps(x[l], x[l + 4], 0x31);
  }
#define BOTH(a, b, low, high) (_mm256_shuffle_ps(a, b, low) + _mm256_shuffle_ps(a, b, high))
  Floats first = BOTH(folded[0], folded[1], 0x44, 0xee), second = BOTH(folded[2], folded[3], 0x44, 0xee);
  return BOTH(first, second, 0x88, 0xdd);
#undef BOTH
#else
  Floats4 sums[LANES / 4];
#pragma GCC unroll 4
  for (uint32_t l = 0; l < LANES; l += 4) sums[l / 4] = sums_of_four(x[l], x[l + 1], x[l + 2], x[l + 3]);
  return join(sums);
#endif
}

// The first lane of a comparison that is true; LANES where none is.
INLINE uint32_t first_lane(Integers mask) {
#if LANES == 8
  uint32_t lanes = (uint32_t)_mm256_movemask_ps((__m256)mask);
  return lanes == 0 ? LANES : (uint32_t)__builtin_ctz(lanes);
#else
  uint32_t l = 0;
  while (l < LANES && mask[l] == 0) l++;
  return l;
#endif
}

// Whether a lane of a comparison is true.
INLINE bool is_any(Integers mask) {
#if LANES == 8
  return _mm256_movemask_ps((__m256)mask) != 0;
#else
  int32_t any = 0;
  for (uint32_t l = 0; l < LANES; l++) any |= mask[l];
  return any != 0;
#endif
}
