// Blocks side by side: what the products of quantized rows are made of.
//
// A group is BLOCKS consecutive blocks of 32 values, one in each lane of 32 bits. Its values fill eight
// vectors of bytes: bytes 4l … 4l + 3 of vector k are values 4k … 4k + 3 of block l. So a product with
// equally arranged activations leaves the sum of each block in a lane of its own, and no sum across
// lanes is needed before the end of a row.
//
// Each header beside this one has the same few operations for one instruction set.
#pragma once

#include "vector.h"

INLINE uint16_t half_at(const uint8_t *at) {
  uint16_t half;
  __builtin_memcpy(&half, at, sizeof half);
  return half;
}

INLINE uint32_t word_at(const uint8_t *at) {
  uint32_t word;
  __builtin_memcpy(&word, at, sizeof word);
  return word;
}

#if defined(__AVX512VNNI__)
#include "lanes-avx512.h"
#elif defined(__AVX2__)
#include "lanes-avx2.h"
#else
#include "lanes-portable.h"
#endif

// Values of a group, each one byte.
#define GROUP_VALUES (32 * BLOCKS)

// Groups are kept in stretches: the same stretch of all rows, then the next.
#define STRETCH_GROUPS (STRETCH_VALUES / GROUP_VALUES)

INLINE uint32_t stretches_of(uint32_t columns) { return (columns + STRETCH_VALUES - 1) / STRETCH_VALUES; }

INLINE uint32_t groups_of(uint32_t columns) { return (columns + GROUP_VALUES - 1) / GROUP_VALUES; }

// Where a group stands among those of `rows` rows.
INLINE uint64_t place_of_group(uint32_t rows, uint32_t row, uint32_t group) {
  uint64_t stretch = group / STRETCH_GROUPS;
  return (stretch * rows + row) * STRETCH_GROUPS + group % STRETCH_GROUPS;
}

// Four vectors whose 128-bit parts each hold 16 bytes of one block, so that part p of vector v belongs to
// block 4p + v, become four vectors of the arrangement above.
INLINE void turn(const Words from[4], Words to[4]) {
  Words a = low_words(from[0], from[1]), b = low_words(from[2], from[3]);
  Words c = high_words(from[0], from[1]), d = high_words(from[2], from[3]);
  to[0] = low_pairs(a, b);
  to[1] = high_pairs(a, b);
  to[2] = low_pairs(c, d);
  to[3] = high_pairs(c, d);
}

INLINE Words mask_bytes(Words x, uint32_t byte) { return x & (byte * 0x01010101u); }

// 16 bytes at the same place of every block, turned.
INLINE void load_turned(const uint8_t *at, uint32_t block_bytes, Words to[4]) {
  Words parts[4];
#pragma GCC unroll 4
  for (uint32_t v = 0; v < 4; v++) parts[v] = load_parts(at + v * block_bytes, 4 * block_bytes, 8 * block_bytes);
  turn(parts, to);
}
