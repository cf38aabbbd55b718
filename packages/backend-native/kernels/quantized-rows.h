// Activations as signed bytes with a scale for every 32, as ggml's q8_0 has them but with scales in f32.
//
//   d = largest |x| / 127,  q = round(x / d)
//
// They lie in groups, arranged as `lanes.h` says, so that a product needs no rearrangement; for tiles of AMX, the bytes
// of each block in a row.
//
// Byte products want one factor without a sign. Where weights have one too, s = −1 for q < 0, else 0, is split off:
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

INLINE void store_lane(Words to[8], uint32_t l, const void *bytes) {
  for (uint32_t k = 0; k < 8; k++) __builtin_memcpy((uint32_t *)&to[k] + l, (const char *)bytes + 4 * k, 4);
}

// 32 values into lane l of a group, for a product with a weight of a format.
INLINE void quantize_block(Format format, bool in_a_row, const float *x, QuantizedGroup *group, uint32_t l) {
  typedef int8_t Narrow __attribute__((vector_size(LANES)));
  // Not-a-numbers and infinities must not be lost: times zero they are not zero.
  Floats largest = splat(0), poison = splat(0);
  for (uint32_t i = 0; i < 32; i += LANES) {
    largest = at_least(largest, magnitude(load(x + i)));
    poison += load(x + i) * 0;
  }
  float most = largest_lane(largest), d = most / 127 + sum_of(poison);
  Floats inverse = splat(most > 0 ? 127 / most : 0), rounder = splat(0x1.8p23f);
  int8_t bytes[32], signs[32];
  for (uint32_t i = 0; i < 32; i += LANES) {
    Integers rounded = (Integers)(load(x + i) * inverse + rounder) - (Integers)rounder;
    Narrow narrow = __builtin_convertvector(rounded, Narrow);
    __builtin_memcpy(bytes + i, &narrow, sizeof narrow);
  }
  int32_t sums[2] = {0, 0};
  for (uint32_t i = 0; i < 16; i++) {
    sums[0] += bytes[i];
    sums[1] += bytes[16 + i];
  }
  if (!is_fine(format)) sums[0] += sums[1];
  int32_t start[2] = {-zero_of(format) * sums[0], -zero_of(format) * sums[1]};
  if (splits_signs(format)) {
    for (uint32_t i = 0; i < 32; i++) {
      signs[i] = -(bytes[i] < 0);
      start[0] += bytes[i] & signs[i];
      bytes[i] = (int8_t)((bytes[i] ^ signs[i]) - signs[i]);
    }
    start[0] = -start[0];
    store_lane(group->signs, l, signs);
  }
  if (in_a_row) __builtin_memcpy((char *)group->bytes + 32 * l, bytes, 32);
  else store_lane(group->bytes, l, bytes);
  ((float *)&group->scale)[l] = d;
  for (uint32_t half = 0; half < halves_of(format); half++) {
    OfSum *of_sum = half ? &group->of_second_half : &group->of_sum;
    if (has_offset(format)) ((float *)&of_sum->drive)[l] = (float)sums[half] * d;
    else ((int32_t *)&of_sum->start)[l] = start[half];
  }
}

INLINE QuantizedGroup *quantized_group(Format format, char *all, uint32_t rows, uint32_t row, uint32_t group) {
  return (QuantizedGroup *)(all + place_of_group(rows, row, group) * quantized_bytes(format));
}

// Row `row` of `rows`.
static void quantize_row(Format format, bool in_a_row, const float *x, uint32_t columns, char *all, uint32_t rows,
                         uint32_t row) {
  for (uint32_t g = 0; g < groups_of(columns); g++, x += GROUP_VALUES) {
    uint32_t blocks = min_u32(BLOCKS, columns / 32 - g * BLOCKS);
    QuantizedGroup *group = quantized_group(format, all, rows, row, g);
    if (blocks < BLOCKS) __builtin_memset(group, 0, quantized_bytes(format));
    for (uint32_t l = 0; l < blocks; l++) quantize_block(format, in_a_row, x + 32 * l, group, l);
  }
}
