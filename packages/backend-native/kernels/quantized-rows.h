// Activations as signed bytes with a scale for every 32, as ggml's q8_0 has them but with scales in f32.
//
//   d = largest |x| / 127,  q = round(x / d)
//
// They lie in groups, arranged as `lanes.h` says, so that a product needs no rearrangement; for tiles of AMX, the bytes
// of each block in a row.
//
// Byte products want one factor without a sign. Where weights have one too and there are many rows, s = −1 for q < 0,
// else 0, is split off:
//
//   Σ w · q  =  Σ |q| · (w ^ s)  +  Σ over q < 0 of |q|,  because  w ^ −1 = −w − 1
#pragma once

#include "group.h"

// What a product needs to know of the sum of a block's bytes, or of the sums of its halves.
typedef union {
  Sums start;    // −zero · Σ q, where weights count from a zero; Σ over q < 0 of |q|, where signs are split off
  Scales drive;  // d · Σ q, where they have an offset
} OfSum;

typedef struct {
  Words bytes[8];  // magnitudes, where signs are split off
  Scales scale;
  OfSum of_sum;
  union {
    OfSum of_second_half;  // for a fine format; `of_sum` is then of the first
    Words signs[8];        // where they are split off
  };
} QuantizedGroup;

INLINE bool has_start(Format f) { return zero_of(f) || splits_signs(f); }

INLINE const OfSum *of_half(const QuantizedGroup *group, uint32_t half) {
  return half ? &group->of_second_half : &group->of_sum;
}

INLINE uint32_t quantized_bytes(Format f) {
  uint32_t vectors = splits_signs(f) ? 16 : 8;
  return vectors * sizeof(Words) + sizeof(Scales) + halves_of(f) * sizeof(OfSum);
}

INLINE Floats magnitude(Floats x) { return (Floats)((Integers)x & 0x7fffffff); }

// 32 values; returns their scale.
INLINE float quantize_block(const float *x, int8_t bytes[32]) {
  typedef int32_t Wide __attribute__((vector_size(128)));
  typedef int8_t Narrow __attribute__((vector_size(32)));
  Wide rounded;
  // Not-a-numbers and infinities must not be lost: times zero they are not zero.
  Floats largest = splat(0), poison = splat(0);
  for (uint32_t i = 0; i < 32; i += LANES) {
    largest = at_least(largest, magnitude(load(x + i)));
    poison += load(x + i) * 0;
  }
  float most = largest_lane(largest);
  Floats inverse = splat(most > 0 ? 127 / most : 0), rounder = splat(0x1.8p23f);
  for (uint32_t i = 0; i < 32; i += LANES) {
    Integers some = (Integers)(load(x + i) * inverse + rounder) - (Integers)rounder;
    __builtin_memcpy((int32_t *)&rounded + i, &some, sizeof some);
  }
  Narrow narrow = __builtin_convertvector(rounded, Narrow);
  __builtin_memcpy(bytes, &narrow, sizeof narrow);
  return most / 127 + sum_of(poison);
}

// The sums of the bytes of each block in `count` vectors.
INLINE Sums sums_of_bytes(const Words bytes[], uint32_t count) {
  Partial sums = {0};
  Words ones = (Words){0} + 0x01010101u;
#pragma GCC unroll 8
  for (uint32_t k = 0; k < count; k++) sums = add_products(sums, ones, bytes[k], false);
  return widen_partial(sums);
}

// Splits signs off and returns the sums over q < 0 of |q|.
INLINE Sums split_signs(Words bytes[8], Words signs[8]) {
  typedef int8_t Bytes __attribute__((vector_size(sizeof(Words))));
  Words negative[8];
#pragma GCC unroll 8
  for (uint32_t k = 0; k < 8; k++) {
    signs[k] = (Words)((Bytes)bytes[k] < 0);
    negative[k] = bytes[k] & signs[k];
    bytes[k] = (Words)((Bytes)(bytes[k] ^ signs[k]) - (Bytes)signs[k]);
  }
  return -sums_of_bytes(negative, 8);
}

// For which products rows are quantized: those of few rows, those of many, or those of tiles of AMX.
typedef enum { FOR_FEW, FOR_MANY, FOR_TILES } Arrangement;

// `blocks` blocks, for a product with a weight of a format.
INLINE void quantize_group(Format format, Arrangement arrangement, const float *x, uint32_t blocks, QuantizedGroup *group) {
  _Alignas(64) int8_t bytes[BLOCKS][32];
  float scales[BLOCKS];
  uint32_t halves = halves_of(format);
  if (blocks < BLOCKS) {
    __builtin_memset(bytes, 0, sizeof bytes);
    __builtin_memset(scales, 0, sizeof scales);
  }
  for (uint32_t l = 0; l < blocks; l++) scales[l] = quantize_block(x + 32 * l, bytes[l]);
  __builtin_memcpy(&group->scale, scales, sizeof scales);
  Words turned[8];
  load_turned((const uint8_t *)bytes, 32, turned);
  load_turned((const uint8_t *)bytes + 16, 32, turned + 4);
#pragma GCC unroll 2
  for (uint32_t half = 0; half < halves; half++) {
    OfSum *of_sum = half ? &group->of_second_half : &group->of_sum;
    Sums sums = sums_of_bytes(turned + half * 4, 8 / halves);
    if (has_offset(format)) of_sum->drive = to_floats(sums) * group->scale;
    else of_sum->start = -zero_of(format) * sums;
  }
  if (splits_signs(format) && arrangement == FOR_MANY) group->of_sum.start = split_signs(turned, group->signs);
  if (arrangement == FOR_TILES) __builtin_memcpy(group->bytes, bytes, sizeof bytes);
  else __builtin_memcpy(group->bytes, turned, sizeof turned);
}

INLINE QuantizedGroup *quantized_group(Format format, char *all, uint32_t rows, uint32_t row, uint32_t group) {
  return (QuantizedGroup *)(all + place_of_group(rows, row, group) * quantized_bytes(format));
}

// Row `row` of `rows`.
static void quantize_row(Format format, Arrangement arrangement, const float *x, uint32_t columns, char *all, uint32_t rows,
                         uint32_t row) {
  for (uint32_t g = 0; g < groups_of(columns); g++, x += GROUP_VALUES) {
    uint32_t blocks = min_u32(BLOCKS, columns / 32 - g * BLOCKS);
    quantize_group(format, arrangement, x, blocks, quantized_group(format, all, rows, row, g));
  }
}
