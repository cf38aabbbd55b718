// Activations as signed bytes with a scale for every 32, as ggml's q8_0 has them but with scales in f32.
//
//   d = largest |x| / 127,  q = round(x / d)
//
// They lie in groups, arranged as `lanes.h` says, so that a product needs no rearrangement.
#pragma once

#include "lanes.h"

typedef struct {
  Words bytes[8];
  Scales scale;
  Sums half_sums[2];  // of the bytes of each half of a block
} QuantizedGroup;

INLINE uint32_t groups_of(uint32_t columns) { return (columns + 32 * BLOCKS - 1) / (32 * BLOCKS); }

INLINE float largest_lane(Floats x) {
  float values[LANES], largest = 0;
  store(values, x);
  for (uint32_t l = 0; l < LANES; l++) largest = values[l] > largest ? values[l] : largest;
  return largest;
}

INLINE Floats magnitude(Floats x) { return (Floats)((Integers)x & 0x7fffffff); }

// 32 values into lane l of a group.
INLINE void quantize_block(const float *x, QuantizedGroup *group, uint32_t l) {
  typedef int8_t Narrow __attribute__((vector_size(LANES)));
  // Not-a-numbers and infinities must not be lost: times zero they are not zero.
  Floats largest = splat(0), poison = splat(0);
  for (uint32_t i = 0; i < 32; i += LANES) {
    largest = at_least(largest, magnitude(load(x + i)));
    poison += load(x + i) * 0;
  }
  float most = largest_lane(largest);
  Floats inverse = splat(most > 0 ? 127 / most : 0), rounder = splat(0x1.8p23f);
  int8_t bytes[32];
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
  for (uint32_t k = 0; k < 8; k++) __builtin_memcpy((uint32_t *)&group->bytes[k] + l, bytes + 4 * k, 4);
  ((float *)&group->scale)[l] = most / 127 + sum_of(poison);
  ((int32_t *)&group->half_sums[0])[l] = sums[0];
  ((int32_t *)&group->half_sums[1])[l] = sums[1];
}

static void quantize_row(const float *x, uint32_t columns, QuantizedGroup *groups) {
  uint32_t blocks = columns / 32;
  if (blocks % BLOCKS) __builtin_memset(groups + blocks / BLOCKS, 0, sizeof *groups);
  for (uint32_t b = 0; b < blocks; b++) quantize_block(x + 32 * b, groups + b / BLOCKS, b % BLOCKS);
}
