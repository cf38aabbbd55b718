// Products of four bytes in each lane, added up.
//
// The relaxed dot product multiplies signed bytes by bytes of which only 0 to 127 mean the same on every
// machine: enough for values of up to 6 bits. What bytes with the highest bit set mean is for the engine to
// choose, once for all: signed (as in ARM's instruction), unsigned (as in VNNI's), or neither, where it
// saturates in between. For the first two a signed byte takes part as it is, or with its highest bit
// flipped, which adds 128. Otherwise, and without relaxed SIMD, bytes are widened to 16 bits.
#pragma once

#include "activations.h"

typedef enum { NARROW, WIDE } Dot;

// What `probeDot` in `src/kernel-build.ts` found; set before the first product.
typedef enum { SEVEN_BITS, EIGHT_BITS_SIGNED, EIGHT_BITS_UNSIGNED } DotRange;
extern uint32_t dot_range;

// Of a signed layout: whether its bytes go through the narrow dot product.
INLINE bool narrow_takes_signed(void) { return dot_range != SEVEN_BITS; }

// What stands for zero in the bytes that are multiplied.
INLINE int32_t zero_of(Layout l) { return is_signed(l) && dot_range == EIGHT_BITS_UNSIGNED ? 128 : l.zero; }

// What turns signed bytes into those.
INLINE v128_t flip_of(Dot dot, Layout l) {
  return wasm_i8x16_splat(dot == NARROW && is_signed(l) && dot_range == EIGHT_BITS_UNSIGNED ? -128 : 0);
}

// Lane l belongs to row l. For WIDE there are two vectors: rows 0, 0, 1, 1 and 2, 2, 3, 3.
typedef struct {
  v128_t first;
  v128_t second;
} Sums;

INLINE Sums no_sums(void) { return (Sums){wasm_i32x4_const_splat(0), wasm_i32x4_const_splat(0)}; }

// Four values of x in all lanes, as the dot product takes them.
INLINE v128_t four_of(Dot dot, const int8_t *x) {
  v128_t bytes = wasm_v128_load32_splat(x);
  return dot == NARROW ? bytes : wasm_i16x8_extend_low_i8x16(bytes);
}

INLINE Sums add_products(Dot dot, Sums sums, v128_t weights, v128_t x) {
#ifdef __wasm_relaxed_simd__
  if (dot == NARROW) {
    sums.first = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(x, weights, sums.first);
    return sums;
  }
#endif
  (void)dot;
  v128_t first = wasm_i32x4_dot_i16x8(wasm_i16x8_extend_low_i8x16(weights), x);
  v128_t second = wasm_i32x4_dot_i16x8(wasm_i16x8_extend_high_i8x16(weights), x);
  return (Sums){wasm_i32x4_add(sums.first, first), wasm_i32x4_add(sums.second, second)};
}

INLINE v128_t sums_of_rows(Dot dot, Sums sums) {
  if (dot == NARROW) return sums.first;
  return wasm_i32x4_add(wasm_i32x4_shuffle(sums.first, sums.second, 0, 2, 4, 6),
                        wasm_i32x4_shuffle(sums.first, sums.second, 1, 3, 5, 7));
}

// Keeps the compiler from moving what comes after to before. Left to itself it sums one accumulator after
// the other, each waiting for itself, and loads everything first, which no machine has the registers for:
// 1.7 times slower.
#define IN_ORDER(sums, dot)                                           \
  do {                                                                \
    __asm__ volatile("" : "+r"((sums).first));                        \
    if ((dot) == WIDE) __asm__ volatile("" : "+r"((sums).second));    \
  } while (0)
