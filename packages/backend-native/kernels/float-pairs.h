// Numbers of the weight and of x, two vectors of columns at a time.
//
// bf16 takes one instruction a vector to widen where its numbers are interleaved with zeros, which goes over each 128
// bits for itself: of PAIR_COLUMNS columns, 0–3, 8–11, 16–19 … are then in the first vector, and 4–7, 12–15, 20–23 … in
// the second. x is put in the same order. Other formats stay in theirs.
#pragma once

#include "stored.h"

#define PAIR_COLUMNS (2 * LANES)

// Vectors of 128 bits are in order anyway.
INLINE bool is_interleaved(Format format) { return LANES >= 8 && format == BF16; }

// Vector h of a pair of the weight, widened.
INLINE Floats load_of_pair(Format format, const uint8_t *pair, uint32_t h) {
#if LANES == 16
  if (is_interleaved(format)) {
    __m512i zeros = _mm512_setzero_si512(), x = _mm512_loadu_si512(pair);
    return (Floats)(h == 0 ? _mm512_unpacklo_epi16(zeros, x) : _mm512_unpackhi_epi16(zeros, x));
  }
#elif LANES == 8
  if (is_interleaved(format)) {
    __m256i zeros = _mm256_setzero_si256(), x = _mm256_loadu_si256((const __m256i *)pair);
    return (Floats)(h == 0 ? _mm256_unpacklo_epi16(zeros, x) : _mm256_unpackhi_epi16(zeros, x));
  }
#endif
  return load_stored(pair, h * LANES, format);
}

// The first `count` numbers of a pair, zeros after them.
NOINLINE void copy_some(Format format, const uint8_t *from, uint32_t count, uint8_t pair[4 * PAIR_COLUMNS]) {
  __builtin_memset(pair, 0, 4 * PAIR_COLUMNS);
  __builtin_memcpy(pair, from, count * bytes_of(format));
}

// The first `count` columns of a pair of x, zeros after them, in the order of a format.
INLINE void load_pair(Format format, const float *x, uint32_t count, Floats pair[2]) {
  Floats first = load_upto(x, count), second = splat(0);
  if (count > LANES) second = load_upto(x + LANES, count - LANES);
  pair[0] = first;
  pair[1] = second;
  (void)format;
#if LANES == 16
  if (is_interleaved(format)) {
    pair[0] = _mm512_shuffle_f32x4(first, second, 0x88);
    pair[1] = _mm512_shuffle_f32x4(first, second, 0xdd);
  }
#elif LANES == 8
  if (is_interleaved(format)) {
    pair[0] = _mm256_permute2f128_ps(first, second, 0x20);
    pair[1] = _mm256_permute2f128_ps(first, second, 0x31);
  }
#endif
}
