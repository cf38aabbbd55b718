// Sixteen blocks, with the byte products of AVX-512 VNNI.
#pragma once

#include <immintrin.h>

#define BLOCKS 16

// Products of so many outputs and rows fit the registers. From so many rows on unpacking into a tile pays; below, so
// many rows multiply what is unpacked in registers, and a stretch of a slab of so many stays in the first-level cache.
#define TILE_OUTPUTS 4
#define TILE_ROWS 4
#define MANY_ROWS 8
#define FEW_ROWS 4
#define SLAB_ROWS 12
#define STRETCH_VALUES 1024

typedef uint32_t Words __attribute__((vector_size(64)));
typedef int32_t Sums __attribute__((vector_size(64)));
typedef float Scales __attribute__((vector_size(64)));

// 16 bytes each from at, at + inner, at + outer and at + outer + inner.
INLINE Words load_parts(const uint8_t *at, uint32_t inner, uint32_t outer) {
  __m512i x = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)at));
  x = _mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)(at + inner)), 1);
  x = _mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)(at + outer)), 2);
  return (Words)_mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)(at + outer + inner)), 3);
}

INLINE Words load_words(const void *at) { return (Words)_mm512_loadu_si512(at); }
INLINE void store_words(void *at, Words x) { _mm512_storeu_si512(at, (__m512i)x); }

// Of each 128-bit part: a₀ b₀ a₁ b₁, a₂ b₂ a₃ b₃, a₀ a₁ b₀ b₁ and a₂ a₃ b₂ b₃.
INLINE Words low_words(Words a, Words b) { return (Words)_mm512_unpacklo_epi32((__m512i)a, (__m512i)b); }
INLINE Words high_words(Words a, Words b) { return (Words)_mm512_unpackhi_epi32((__m512i)a, (__m512i)b); }
INLINE Words low_pairs(Words a, Words b) { return (Words)_mm512_unpacklo_epi64((__m512i)a, (__m512i)b); }
INLINE Words high_pairs(Words a, Words b) { return (Words)_mm512_unpackhi_epi64((__m512i)a, (__m512i)b); }

// Of each 128-bit part: aₖ aₖ bₖ bₖ.
#define TWO_OF_EACH(a, b, k) ((Words)_mm512_shuffle_ps((__m512)(a), (__m512)(b), (k) * 0x55))

// The table's byte at each byte's low four bits; the high bit of a byte must be 0.
INLINE Words look_up(const uint8_t table[16], Words places) {
  __m512i four = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)table));
  return (Words)_mm512_shuffle_epi8(four, (__m512i)places);
}

// The lowest four bits of each word become bit 4 of its four bytes.
INLINE Words fifth_bits(Words x) {
  const __m512i spread = _mm512_setr_epi32(
      0x00000000, 0x00000010, 0x00001000, 0x00001010, 0x00100000, 0x00100010, 0x00101000, 0x00101010,
      0x10000000, 0x10000010, 0x10001000, 0x10001010, 0x10100000, 0x10100010, 0x10101000, 0x10101010);
  return (Words)_mm512_permutexvar_epi32((__m512i)x, spread);
}

// One word of each block.
INLINE Words gather_words(const uint8_t *at, uint32_t block_bytes) {
#define WORD(l) (int)word_at(at + (l) * block_bytes)
  return (Words)_mm512_setr_epi32(WORD(0), WORD(1), WORD(2), WORD(3), WORD(4), WORD(5), WORD(6), WORD(7), WORD(8),
                                  WORD(9), WORD(10), WORD(11), WORD(12), WORD(13), WORD(14), WORD(15));
#undef WORD
}

// The lower half of each word, an f16.
INLINE Scales widen_lower_halves(Words x) { return _mm512_cvtph_ps(_mm512_cvtepi32_epi16((__m512i)x)); }

// An f16 of each block.
INLINE Scales gather_halves(const uint8_t *at, uint32_t block_bytes) {
  return widen_lower_halves(gather_words(at, block_bytes));
}

INLINE Scales widen_bytes(const uint8_t *at) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)at)));
}

INLINE Scales widen_signed_bytes(const int8_t *at) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)at)));
}

// Weights are bytes without sign: signed ones are moved up by this before, and their sums down after.
#define SIGNED_ZERO 128

typedef Sums Partial;

INLINE Partial add_products(Partial sum, Words weights, Words x, bool is_signed) {
  (void)is_signed;
  return (Partial)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)weights, (__m512i)x);
}

// After how many products a partial sum has to be widened; here it never has to.
INLINE uint32_t products_before_widening(uint32_t largest) { return largest ? 8 : 0; }
INLINE Sums widen_partial(Partial sum) { return sum; }

INLINE Scales to_floats(Sums x) { return _mm512_cvtepi32_ps((__m512i)x); }
INLINE Scales fused(Scales a, Scales b, Scales sum) { return _mm512_fmadd_ps(a, b, sum); }

// The lower halves of a and b side by side, plus the upper ones; then quarters, eighths and single lanes.
INLINE __m512 add_halves(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xee));
}

INLINE __m512 add_quarters(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd));
}

// The sum of the lanes of each of LANES vectors: the upper half is added to the lower until one is left.
INLINE Floats sums_of_lanes(const Scales x[LANES]) {
  __m512 quarters[4];
#pragma GCC unroll 4
  for (uint32_t i = 0; i < 4; i++) {
    quarters[i] = add_quarters(add_halves(x[i], x[4 + i]), add_halves(x[8 + i], x[12 + i]));
  }
  // Part p of quarters[i] is of vector 4p + i.
  __m512 a = _mm512_unpacklo_ps(quarters[0], quarters[1]), b = _mm512_unpackhi_ps(quarters[0], quarters[1]);
  __m512 c = _mm512_unpacklo_ps(quarters[2], quarters[3]), d = _mm512_unpackhi_ps(quarters[2], quarters[3]);
  __m512 first = _mm512_add_ps(a, b), second = _mm512_add_ps(c, d);
  return _mm512_add_ps(_mm512_shuffle_ps(first, second, 0x44), _mm512_shuffle_ps(first, second, 0xee));
}
