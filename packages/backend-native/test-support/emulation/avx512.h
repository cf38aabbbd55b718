// The instructions of AVX-512 that the kernels use, on processors with AVX2: each lane as Intel's "Intrinsics Guide" has
// it. Included before anything else, it makes the compiler take the kernels' paths for 512 bits.
#pragma once

// Before the macros below are defined, as its own functions are for processors that have the instructions.
#include <immintrin.h>
#include <stdint.h>

#define EMULATED
#define __AVX512F__ 1
#define __AVX512VNNI__ 1

#define LANE_WISE static __attribute__((noinline, unused))
#define EACH(i, count) for (int i = 0; i < (count); i++)

// A register, by lanes of each kind. The 128-bit parts are the halves, quarters … of what goes over each by itself.
typedef union {
  __m512 floats;
  __m512i whole;
  __m256i halves[2];
  __m256 float_halves[2];
  __m128i parts[4];
  float f32[16];
  int32_t i32[16];
  int64_t i64[8];
  int16_t i16[32];
  uint8_t u8[64];
  int8_t i8[64];
} Register512;

LANE_WISE Register512 of_floats(__m512 x) { return (Register512){.floats = x}; }
LANE_WISE Register512 of_whole(__m512i x) { return (Register512){.whole = x}; }

LANE_WISE __m512 emulated_add_ps(__m512 a, __m512 b) { return a + b; }

LANE_WISE __m512 emulated_fmadd_ps(__m512 a, __m512 b, __m512 c) {
  Register512 x = of_floats(a), y = of_floats(b), z = of_floats(c);
  EACH(h, 2) z.float_halves[h] = _mm256_fmadd_ps(x.float_halves[h], y.float_halves[h], z.float_halves[h]);
  return z.floats;
}

// The second operand where either is not a number.
LANE_WISE __m512 emulated_max_ps(__m512 a, __m512 b) {
  Register512 x = of_floats(a), y = of_floats(b);
  EACH(i, 16) y.f32[i] = x.f32[i] > y.f32[i] ? x.f32[i] : y.f32[i];
  return y.floats;
}

LANE_WISE __m512 emulated_min_ps(__m512 a, __m512 b) {
  Register512 x = of_floats(a), y = of_floats(b);
  EACH(i, 16) y.f32[i] = x.f32[i] < y.f32[i] ? x.f32[i] : y.f32[i];
  return y.floats;
}

LANE_WISE __m512 emulated_cvtph_ps(__m256i a) {
  union { __m256i whole; __m128i halves[2]; } x = {a};
  Register512 y;
  EACH(h, 2) y.float_halves[h] = _mm256_cvtph_ps(x.halves[h]);
  return y.floats;
}

LANE_WISE __m512 emulated_cvtepi32_ps(__m512i a) {
  Register512 x = of_whole(a), y;
  EACH(i, 16) y.f32[i] = (float)x.i32[i];
  return y.floats;
}

// The lower half of each word.
LANE_WISE __m256i emulated_cvtepi32_epi16(__m512i a) {
  Register512 x = of_whole(a);
  union { int16_t i16[16]; __m256i whole; } y;
  EACH(i, 16) y.i16[i] = x.i16[2 * i];
  return y.whole;
}

LANE_WISE __m512i emulated_cvtepi8_epi32(__m128i a) {
  union { __m128i whole; int8_t i8[16]; } x = {a};
  Register512 y;
  EACH(i, 16) y.i32[i] = x.i8[i];
  return y.whole;
}

LANE_WISE __m512i emulated_cvtepu8_epi32(__m128i a) {
  union { __m128i whole; uint8_t u8[16]; } x = {a};
  Register512 y;
  EACH(i, 16) y.i32[i] = x.u8[i];
  return y.whole;
}

// Four bytes without sign of a times four with sign of b, added to each word.
LANE_WISE __m512i emulated_dpbusd_epi32(__m512i sum, __m512i a, __m512i b) {
  Register512 s = of_whole(sum), x = of_whole(a), y = of_whole(b);
  EACH(i, 64) s.i32[i / 4] += x.u8[i] * y.i8[i];
  return s.whole;
}

LANE_WISE __m512i emulated_loadu_si512(const void *at) {
  Register512 x;
  __builtin_memcpy(&x, at, sizeof x);
  return x.whole;
}

LANE_WISE void emulated_storeu_si512(void *at, __m512i a) { __builtin_memcpy(at, &a, sizeof a); }

LANE_WISE __m512i emulated_setzero_si512(void) { return (__m512i){0}; }

LANE_WISE __m512i emulated_setr_epi32(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k, int l,
                                      int m, int n, int o, int p) {
  return (Register512){.i32 = {a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p}}.whole;
}

LANE_WISE __m512i emulated_castsi128_si512(__m128i a) { return (Register512){.parts = {a}}.whole; }

LANE_WISE __m512i emulated_broadcast_i32x4(__m128i a) { return (Register512){.parts = {a, a, a, a}}.whole; }

LANE_WISE __m512i emulated_inserti32x4(__m512i a, __m128i b, int part) {
  Register512 x = of_whole(a);
  x.parts[part] = b;
  return x.whole;
}

LANE_WISE __m512i emulated_permutexvar_epi32(__m512i places, __m512i a) {
  Register512 p = of_whole(places), x = of_whole(a), y;
  EACH(i, 16) y.i32[i] = x.i32[p.i32[i] & 15];
  return y.whole;
}

// Within each part; 0 where the highest bit of the place is set.
LANE_WISE __m512i emulated_shuffle_epi8(__m512i a, __m512i places) {
  Register512 x = of_whole(a), p = of_whole(places), y;
  EACH(i, 64) y.u8[i] = p.u8[i] & 0x80 ? 0 : x.u8[i / 16 * 16 + (p.u8[i] & 15)];
  return y.whole;
}

// Two lanes of each part of a, then two of b: two bits of `places` for each.
LANE_WISE __m512 emulated_shuffle_ps(__m512 a, __m512 b, int places) {
  Register512 x = of_floats(a), y = of_floats(b), z;
  EACH(i, 16) z.f32[i] = (i % 4 < 2 ? x : y).f32[i / 4 * 4 + (places >> (2 * (i % 4)) & 3)];
  return z.floats;
}

// Two parts of a, then two of b, likewise.
LANE_WISE __m512i emulated_shuffle_i32x4(__m512i a, __m512i b, int places) {
  Register512 x = of_whole(a), y = of_whole(b), z;
  EACH(i, 4) z.parts[i] = (i < 2 ? x : y).parts[places >> (2 * i) & 3];
  return z.whole;
}

LANE_WISE __m512 emulated_shuffle_f32x4(__m512 a, __m512 b, int places) {
  return (__m512)emulated_shuffle_i32x4((__m512i)a, (__m512i)b, places);
}

// Of each part, the lower or the upper lanes of a and b in turn.
#define INTERLEAVE(name, lane, each, upper)                                                                      \
  LANE_WISE __m512i name(__m512i a, __m512i b) {                                                                 \
    Register512 x = of_whole(a), y = of_whole(b), z;                                                             \
    EACH(i, 4 * (each)) z.lane[i] = (i % 2 ? y : x).lane[i / (each) * (each) + (upper) * (each) / 2 + i % (each) / 2]; \
    return z.whole;                                                                                              \
  }
INTERLEAVE(emulated_unpacklo_epi16, i16, 8, 0)
INTERLEAVE(emulated_unpackhi_epi16, i16, 8, 1)
INTERLEAVE(emulated_unpacklo_epi32, i32, 4, 0)
INTERLEAVE(emulated_unpackhi_epi32, i32, 4, 1)
INTERLEAVE(emulated_unpacklo_epi64, i64, 2, 0)
INTERLEAVE(emulated_unpackhi_epi64, i64, 2, 1)
#undef INTERLEAVE

LANE_WISE __m512 emulated_unpacklo_ps(__m512 a, __m512 b) {
  return (__m512)emulated_unpacklo_epi32((__m512i)a, (__m512i)b);
}

LANE_WISE __m512 emulated_unpackhi_ps(__m512 a, __m512 b) {
  return (__m512)emulated_unpackhi_epi32((__m512i)a, (__m512i)b);
}

// Whatever the kernels come to use besides these does not compile, which tells that it is missing here. Some are macros
// of the compiler's own.
#undef _mm512_cvtph_ps
#undef _mm512_setr_epi32
#undef _mm512_inserti32x4
#undef _mm512_shuffle_f32x4
#undef _mm512_shuffle_i32x4
#undef _mm512_shuffle_ps
#define _mm512_add_ps emulated_add_ps
#define _mm512_broadcast_i32x4 emulated_broadcast_i32x4
#define _mm512_castsi128_si512 emulated_castsi128_si512
#define _mm512_cvtepi32_epi16 emulated_cvtepi32_epi16
#define _mm512_cvtepi32_ps emulated_cvtepi32_ps
#define _mm512_cvtepi8_epi32 emulated_cvtepi8_epi32
#define _mm512_cvtepu8_epi32 emulated_cvtepu8_epi32
#define _mm512_cvtph_ps emulated_cvtph_ps
#define _mm512_dpbusd_epi32 emulated_dpbusd_epi32
#define _mm512_fmadd_ps emulated_fmadd_ps
#define _mm512_inserti32x4 emulated_inserti32x4
#define _mm512_loadu_si512 emulated_loadu_si512
#define _mm512_max_ps emulated_max_ps
#define _mm512_min_ps emulated_min_ps
#define _mm512_permutexvar_epi32 emulated_permutexvar_epi32
#define _mm512_setr_epi32 emulated_setr_epi32
#define _mm512_setzero_si512 emulated_setzero_si512
#define _mm512_shuffle_epi8 emulated_shuffle_epi8
#define _mm512_shuffle_f32x4 emulated_shuffle_f32x4
#define _mm512_shuffle_i32x4 emulated_shuffle_i32x4
#define _mm512_shuffle_ps emulated_shuffle_ps
#define _mm512_storeu_si512 emulated_storeu_si512
#define _mm512_unpackhi_epi16 emulated_unpackhi_epi16
#define _mm512_unpackhi_epi32 emulated_unpackhi_epi32
#define _mm512_unpackhi_epi64 emulated_unpackhi_epi64
#define _mm512_unpackhi_ps emulated_unpackhi_ps
#define _mm512_unpacklo_epi16 emulated_unpacklo_epi16
#define _mm512_unpacklo_epi32 emulated_unpacklo_epi32
#define _mm512_unpacklo_epi64 emulated_unpacklo_epi64
#define _mm512_unpacklo_ps emulated_unpacklo_ps
