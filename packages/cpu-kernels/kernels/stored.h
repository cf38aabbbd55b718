// Numbers as they are stored, widened to f32 as they are loaded.
#pragma once

#include "vector.h"

typedef int16_t Halves __attribute__((vector_size(LANES * 2)));

INLINE Halves load_halves(const int16_t *p) {
  Halves x;
  __builtin_memcpy(&x, p, sizeof x);
  return x;
}

// Halves of 1 sign, 5 exponent and 10 fraction bits.
//
// Without an instruction for it: shifted by 13 the fraction stands where an f32 has it, and the exponent
// is too small by 127 − 15 = 112: a multiplication by 2¹¹² mends it, for subnormals too. Infinities and
// NaN come out at 2¹⁶ and above and get the exponent that they need.
INLINE Floats widen_f16(Halves halves) {
#if LANES == 16
  return _mm512_cvtph_ps((__m256i)halves);
#elif LANES == 8 && defined(__F16C__)
  return _mm256_cvtph_ps((__m128i)halves);
#else
  Integers bits = (__builtin_convertvector(halves, Integers) << 13) & (int32_t)0x8fffe000;
  Integers not_finite = (bits & 0x0f800000) == 0x0f800000;
  Floats value = (Floats)bits * 0x1p112f;
  return (Floats)((Integers)value | (not_finite & 0x7f800000));
#endif
}

// The upper half of an f32.
INLINE Floats widen_bf16(Halves halves) {
#if LANES == 8
  return (Floats)_mm256_slli_epi32(_mm256_cvtepi16_epi32((__m128i)halves), 16);
#else
  return (Floats)(__builtin_convertvector(halves, Integers) << 16);
#endif
}

// Numbers i to i + LANES − 1 of a row. `format` is a constant wherever this is called.
INLINE Floats load_stored(const void *row, uint32_t i, Format format) {
  if (format == F32) return load((const float *)row + i);
  Halves halves = load_halves((const int16_t *)row + i);
  return format == F16 ? widen_f16(halves) : widen_bf16(halves);
}

// The first `count` of them, zeros after them.
NOINLINE Halves load_some_halves(const int16_t *p, uint32_t count) {
  int16_t halves[LANES] = {0};
  for (uint32_t n = 0; n < count; n++) halves[n] = p[n];
  return load_halves(halves);
}

INLINE Floats load_some_stored(const void *row, uint32_t i, Format format, uint32_t count) {
  if (format == F32) return load_some((const float *)row + i, count);
  Halves halves = load_some_halves((const int16_t *)row + i, count);
  return format == F16 ? widen_f16(halves) : widen_bf16(halves);
}

INLINE uint32_t bytes_of(Format format) { return format == F32 ? 4 : 2; }

// Widens a run of stored numbers.
INLINE void widen_as(const void *from, float *to, uint32_t count, Format format) {
  uint32_t i = 0;
  for (; i + LANES <= count; i += LANES) store(to + i, load_stored(from, i, format));
  if (i < count) store_some(to + i, load_some_stored(from, i, format, count - i), count - i);
}

static inline void widen(const void *from, float *to, uint32_t count, Format format) {
  if (format == F32) widen_as(from, to, count, F32);
  else if (format == F16) widen_as(from, to, count, F16);
  else widen_as(from, to, count, BF16);
}
