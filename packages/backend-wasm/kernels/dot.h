// Products of four bytes in each lane, added up.
//
// The relaxed dot products multiply signed bytes by bytes of which only 0 to 127 mean the same on every
// machine: enough for values of up to 6 bits. What bytes with the highest bit set mean is for the engine to
// choose, once for all: signed (as in ARM's instruction), unsigned (as in VNNI's), or neither, where it
// saturates in between. For the first two there is an instruction that adds four products to a sum, NARROW,
// and a signed byte takes part as it is, or with its highest bit flipped, which adds 128. Otherwise that takes
// five instructions, and one that adds two products to 16 bits takes one: PAIRS, which are widened before they
// could be too large. Signed bytes are then widened to 16 bits, those of x when they are prepared: WIDENED. Without
// relaxed SIMD all are, those of x when they are multiplied: WIDE, as older engines bring four bytes to all lanes and
// widen them sooner than they bring two halves of them there.
#pragma once

#include "activations.h"

typedef enum { PAIRS, NARROW, WIDE, WIDENED } Dot;

// What `probeDot` in `src/kernel-build.ts` found; set before the first product.
typedef enum { SEVEN_BITS, EIGHT_BITS_SIGNED, EIGHT_BITS_UNSIGNED } DotRange;
extern uint32_t dot_range;

// Whether NARROW is one instruction, and takes signed bytes.
INLINE bool has_narrow(void) { return dot_range != SEVEN_BITS; }

// Whether rows of x are WIDENED for a layout.
INLINE bool is_widened(Layout l) {
#ifdef __wasm_relaxed_simd__
  return is_signed(l) && !has_narrow();
#else
  (void)l;
  return false;
#endif
}

// What stands for zero in the bytes that are multiplied.
INLINE int32_t zero_of(Layout l) { return is_signed(l) && dot_range == EIGHT_BITS_UNSIGNED ? 128 : l.zero; }

// What turns signed bytes into those.
INLINE v128_t flip_of(Dot dot, Layout l) {
  return wasm_i8x16_splat(dot == NARROW && is_signed(l) && dot_range == EIGHT_BITS_UNSIGNED ? -128 : 0);
}

// Lane l belongs to row l. For WIDE and WIDENED there are two vectors: rows 0, 0, 1, 1 and 2, 2, 3, 3. For PAIRS the
// second is of sixteen bits, two for each row, which are to be added to the first.
typedef struct {
  v128_t first;
  v128_t second;
} Sums;

INLINE Sums no_sums(void) { return (Sums){wasm_i32x4_const_splat(0), wasm_i32x4_const_splat(0)}; }

// How many products of bytes of x with values of at most `largest` are added as PAIRS: of the 8 of a tile, or the 4
// of a part of it, as many as sixteen bits hold.
INLINE uint32_t pairs_before_widening(uint32_t largest, uint32_t parts) {
  uint32_t most = 32767 / (2 * 127 * largest);
  return parts == 1 && most >= 8 ? 8 : most >= 4 ? 4 : most >= 2 ? 2 : 1;
}

// Columns 4 · group … + 3 of x in all lanes, as the dot product takes them.
INLINE v128_t four_of(Dot dot, const Activations *x, uint32_t group) {
  if (dot == WIDENED) return wasm_v128_load64_splat(x->q.widened + 4 * group);
  v128_t bytes = wasm_v128_load32_splat(x->q.bytes + 4 * group);
  return dot == WIDE ? wasm_i16x8_extend_low_i8x16(bytes) : bytes;
}

INLINE Sums add_wide_products(Sums sums, v128_t first, v128_t second, v128_t x) {
  sums.first = wasm_i32x4_add(sums.first, wasm_i32x4_dot_i16x8(first, x));
  sums.second = wasm_i32x4_add(sums.second, wasm_i32x4_dot_i16x8(second, x));
  return sums;
}

INLINE Sums add_products(Dot dot, Sums sums, v128_t weights, v128_t x) {
#ifdef __wasm_relaxed_simd__
  if (dot == NARROW) {
    sums.first = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(x, weights, sums.first);
    return sums;
  }
  if (dot == PAIRS) {
    sums.second = wasm_i16x8_add(sums.second, wasm_i16x8_relaxed_dot_i8x16_i7x16(x, weights));
    return sums;
  }
#endif
  (void)dot;
  return add_wide_products(sums, wasm_i16x8_extend_low_i8x16(weights), wasm_i16x8_extend_high_i8x16(weights), x);
}

INLINE Sums widen_pairs(Sums sums) {
  v128_t pairs = wasm_i32x4_extadd_pairwise_i16x8(sums.second);
  return (Sums){wasm_i32x4_add(sums.first, pairs), wasm_i32x4_const_splat(0)};
}

INLINE v128_t sums_of_rows(Dot dot, Sums sums) {
  if (dot == NARROW || dot == PAIRS) return sums.first;  // pairs are widened by now
  return wasm_i32x4_add(wasm_i32x4_shuffle(sums.first, sums.second, 0, 2, 4, 6),
                        wasm_i32x4_shuffle(sums.first, sums.second, 1, 3, 5, 7));
}

// Keeps the compiler from moving what comes after to before. Left to itself it sums one accumulator after
// the other, each waiting for itself, and loads everything first, which no machine has the registers for:
// 1.7 times slower.
#define IN_ORDER(sums, dot)                                           \
  do {                                                                \
    if ((dot) != PAIRS) __asm__ volatile("" : "+r"((sums).first));    \
    if ((dot) != NARROW) __asm__ volatile("" : "+r"((sums).second));  \
  } while (0)

// Keeps the compiler from adding to a pointer beforehand what a load can add by itself.
#define AS_IT_IS(pointer) __asm__ volatile("" : "+r"(pointer))
