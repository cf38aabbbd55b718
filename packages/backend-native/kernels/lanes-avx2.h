// Eight blocks, with the byte products of AVX2.
#pragma once

#include <immintrin.h>

#define BLOCKS 8

// Products of so many outputs and rows fit the registers. From so many rows on unpacking into a tile pays; below, so
// many rows multiply what is unpacked in registers, and a stretch of a slab of so many stays in the first-level cache.
#define TILE_OUTPUTS 2
#define TILE_ROWS 4
#define MANY_ROWS 3
#define FEW_ROWS 2
#define SLAB_ROWS 16
#define STRETCH_VALUES 2048

typedef uint32_t Words __attribute__((vector_size(32)));
typedef int32_t Sums __attribute__((vector_size(32)));
typedef float Scales __attribute__((vector_size(32)));

// 16 bytes each from at and at + inner.
INLINE Words load_parts(const uint8_t *at, uint32_t inner, uint32_t outer) {
  (void)outer;
  __m256i x = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)at));
  return (Words)_mm256_inserti128_si256(x, _mm_loadu_si128((const __m128i *)(at + inner)), 1);
}

INLINE Words load_words(const void *at) { return (Words)_mm256_loadu_si256((const __m256i *)at); }
INLINE void store_words(void *at, Words x) { _mm256_storeu_si256((__m256i *)at, (__m256i)x); }

// Keeps a compiler from loading x anew for each of its uses.
INLINE Words in_register(Words x) {
  __asm__("" : "+x"(x));
  return x;
}

// x, before anything later that is settled is computed.
INLINE Words settled(Words x) {
  __asm__ volatile("" : "+x"(x));
  return x;
}

// x ^ *at in one instruction, also where *at is used more than once: loading it into a register would be another.
INLINE Words xor_with(Words x, const Words *at) {
  __asm__("vpxor %2, %1, %0" : "=x"(x) : "x"(x), "m"(*at));
  return x;
}

// Of each 128-bit part: a₀ b₀ a₁ b₁, a₂ b₂ a₃ b₃, a₀ a₁ b₀ b₁ and a₂ a₃ b₂ b₃.
INLINE Words low_words(Words a, Words b) { return (Words)_mm256_unpacklo_epi32((__m256i)a, (__m256i)b); }
INLINE Words high_words(Words a, Words b) { return (Words)_mm256_unpackhi_epi32((__m256i)a, (__m256i)b); }
INLINE Words low_pairs(Words a, Words b) { return (Words)_mm256_unpacklo_epi64((__m256i)a, (__m256i)b); }
INLINE Words high_pairs(Words a, Words b) { return (Words)_mm256_unpackhi_epi64((__m256i)a, (__m256i)b); }

// Of each 128-bit part: aₖ aₖ bₖ bₖ.
#define TWO_OF_EACH(a, b, k) ((Words)_mm256_shuffle_ps((__m256)(a), (__m256)(b), (k) * 0x55))

// The table's byte at each byte's low four bits; the high bit of a byte must be 0.
INLINE Words look_up(const uint8_t table[16], Words places) {
  __m256i twice = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table));
  return (Words)_mm256_shuffle_epi8(twice, (__m256i)places);
}

// The lowest four bits of each word become bit 4 of its four bytes.
INLINE Words fifth_bits(Words x) { return (((x & 15) * 0x00204081u) & 0x01010101u) << 4; }

// A word, in a vector from the start: compilers would put neighbours together in other registers first.
INLINE __m128i load_word(const uint8_t *at) { return _mm_cvtsi32_si128((int)word_at(at)); }

// One word of each block.
INLINE Words gather_words(const uint8_t *at, uint32_t block_bytes) {
#define TWO(l) _mm_unpacklo_epi32(load_word(at + (l) * block_bytes), load_word(at + ((l) + 1) * block_bytes))
  return (Words)_mm256_set_m128i(_mm_unpacklo_epi64(TWO(4), TWO(6)), _mm_unpacklo_epi64(TWO(0), TWO(2)));
#undef TWO
}

// The lower half of each word, an f16.
INLINE Scales widen_lower_halves(Words x) {
  x &= 0xffff;
  __m128i low = _mm256_castsi256_si128((__m256i)x), high = _mm256_extracti128_si256((__m256i)x, 1);
  return _mm256_cvtph_ps(_mm_packus_epi32(low, high));
}

// An f16 of each block.
INLINE Scales gather_halves(const uint8_t *at, uint32_t block_bytes) {
#define TWO(l) _mm_unpacklo_epi16(load_word(at + (l) * block_bytes), load_word(at + ((l) + 1) * block_bytes))
  return _mm256_cvtph_ps(_mm_unpacklo_epi64(_mm_unpacklo_epi32(TWO(0), TWO(2)), _mm_unpacklo_epi32(TWO(4), TWO(6))));
#undef TWO
}

INLINE Scales widen_bytes(const uint8_t *at) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)at)));
}

INLINE Scales widen_signed_bytes(const int8_t *at) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)at)));
}

// Signed weights stay as they are: their signs are moved to activations, or those of activations to them.
#define SIGNED_ZERO 0

// Sums of two products in 16 bits.
typedef int16_t Partial __attribute__((vector_size(32)));

INLINE Partial add_products(Partial sum, Words weights, Words x, bool is_signed) {
  __m256i w = (__m256i)weights, v = (__m256i)x;
  if (is_signed) {
    v = _mm256_sign_epi8(v, w);
    w = _mm256_sign_epi8(w, w);
  }
  return sum + (Partial)_mm256_maddubs_epi16(w, v);
}

// How many sums of two products fit in 16 bits, where no weight is larger than `largest`.
INLINE uint32_t products_before_widening(uint32_t largest) {
  return largest <= 15 ? 8 : largest <= 31 ? 4 : largest <= 63 ? 2 : 1;
}

INLINE Sums widen_partial(Partial sum) {
  return (Sums)_mm256_madd_epi16((__m256i)sum, _mm256_set1_epi16(1));
}

INLINE Scales to_floats(Sums x) { return _mm256_cvtepi32_ps((__m256i)x); }
INLINE Scales fused(Scales a, Scales b, Scales sum) { return _mm256_fmadd_ps(a, b, sum); }

// The sum of the lanes of each of LANES vectors: the upper half is added to the lower until one is left.
INLINE Floats sums_of_lanes(const Scales x[LANES]) { return sums_of_each(x); }
