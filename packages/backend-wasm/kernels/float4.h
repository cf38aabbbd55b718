// Four f32 at a time: loading from stored formats, the ends of rows, and sums across lanes.
#pragma once

#include "kernel.h"

typedef v128_t float4;

INLINE float4 splat(float x) { return wasm_f32x4_splat(x); }
INLINE float4 add(float4 a, float4 b) { return wasm_f32x4_add(a, b); }
INLINE float4 mul(float4 a, float4 b) { return wasm_f32x4_mul(a, b); }
INLINE float4 load4(const float *p) { return wasm_v128_load(p); }
INLINE void store4(float *p, float4 x) { wasm_v128_store(p, x); }

// The ends of rows: the first `count` of four, zeros after them. Rare, so not worth their size inlined.
static __attribute__((noinline)) float4 load_some(const float *p, uint32_t count) {
  float values[4] = {0, 0, 0, 0};
  for (uint32_t i = 0; i < count; i++) values[i] = p[i];
  return load4(values);
}

static __attribute__((noinline)) void store_some(float *p, float4 x, uint32_t count) {
  float values[4];
  store4(values, x);
  for (uint32_t i = 0; i < count; i++) p[i] = values[i];
}

INLINE float4 load_upto4(const float *p, uint32_t count) { return count == 4 ? load4(p) : load_some(p, count); }

INLINE void store_upto4(float *p, float4 x, uint32_t count) {
  if (count == 4) store4(p, x);
  else store_some(p, x, count);
}

// Four halves of 1 sign, 5 exponent and 10 fraction bits, sign-extended to 32 bits each.
//
// Shifted by 13 the fraction stands where an f32 has it, and the exponent is too small by
// 127 − 15 = 112: a multiplication by 2¹¹² mends it, for subnormals too. Infinities and NaN come out
// at 2¹⁶ and above and get the exponent that they need.
INLINE float4 widen_f16(v128_t halves) {
  v128_t bits = wasm_v128_and(wasm_i32x4_shl(halves, 13), wasm_i32x4_const_splat((int)0x8fffe000));
  v128_t exponent = wasm_i32x4_const_splat(0x0f800000);
  v128_t not_finite = wasm_i32x4_eq(wasm_v128_and(bits, exponent), exponent);
  v128_t value = mul(bits, wasm_f32x4_const_splat(0x1p112f));
  return wasm_v128_or(value, wasm_v128_and(not_finite, wasm_i32x4_const_splat(0x7f800000)));
}

// The upper half of an f32.
INLINE float4 widen_bf16(v128_t halves) { return wasm_i32x4_shl(halves, 16); }

// Numbers i to i + 3 of a row. `format` is a constant wherever this is called.
INLINE float4 load_stored(const void *row, uint32_t i, Format format) {
  if (format == F32) return load4((const float *)row + i);
  v128_t halves = wasm_i32x4_load16x4((const int16_t *)row + i);
  return format == F16 ? widen_f16(halves) : widen_bf16(halves);
}

// The first `count` of them, zeros after them.
static __attribute__((noinline)) v128_t load_some_halves(const int16_t *p, uint32_t count) {
  int16_t halves[4] = {0, 0, 0, 0};
  for (uint32_t n = 0; n < count; n++) halves[n] = p[n];
  return wasm_i32x4_load16x4(halves);
}

INLINE float4 load_some_stored(const void *row, uint32_t i, Format format, uint32_t count) {
  if (format == F32) return load_some((const float *)row + i, count);
  v128_t halves = load_some_halves((const int16_t *)row + i, count);
  return format == F16 ? widen_f16(halves) : widen_bf16(halves);
}

INLINE uint32_t bytes_of(Format format) { return format == F32 ? 4 : 2; }

// Widens a run of stored numbers.
INLINE void widen_as(const void *from, float *to, uint32_t count, Format format) {
  uint32_t i = 0;
  for (; i + 4 <= count; i += 4) store4(to + i, load_stored(from, i, format));
  if (i < count) store_some(to + i, load_some_stored(from, i, format, count - i), count - i);
}

static inline void widen(const void *from, float *to, uint32_t count, Format format) {
  if (format == F32) widen_as(from, to, count, F32);
  else if (format == F16) widen_as(from, to, count, F16);
  else widen_as(from, to, count, BF16);
}

// (a₀ + a₂) + (a₁ + a₃), the same for b, c and d: the sum of each in a lane of its own.
INLINE float4 sums_of(float4 a, float4 b, float4 c, float4 d) {
  float4 ab = add(wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), wasm_i32x4_shuffle(a, b, 2, 6, 3, 7));
  float4 cd = add(wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), wasm_i32x4_shuffle(c, d, 2, 6, 3, 7));
  return add(wasm_i64x2_shuffle(ab, cd, 0, 2), wasm_i64x2_shuffle(ab, cd, 1, 3));
}

INLINE float sum_of(float4 a) {
  float4 pairs = add(a, wasm_i32x4_shuffle(a, a, 2, 3, 0, 1));
  return wasm_f32x4_extract_lane(pairs, 0) + wasm_f32x4_extract_lane(pairs, 1);
}
