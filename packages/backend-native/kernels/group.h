// A group of blocks of a quantized row, unpacked: bytes and what makes numbers of them.
//
//   value = scale · (byte − zero) + offset
//
// Scales and offsets are one for each block, or where a format is fine one for each half of a block.
#pragma once

#include "lanes.h"

typedef struct {
  Words bytes[8];
  // The scale of a block or of both its halves, then the offset or offsets; a format has as many as it needs.
  Scales numbers[4];
} Group;

INLINE bool is_fine(Format f) { return f == Q2_K || f == Q3_K || f == Q6_K; }

INLINE bool has_offset(Format f) {
  return f == Q4_1 || f == Q5_1 || f == Q2_K || f == Q4_K || f == Q5_K;
}

INLINE bool is_signed(Format f) { return f == Q8_0 || f == IQ4_NL || f == MXFP4; }

// Where both weights and activations have signs, those of many rows of activations are split off, as
// `quantized-rows.h` says.
INLINE bool splits_signs(Format f) { return is_signed(f) && SIGNED_ZERO == 0; }

INLINE uint32_t halves_of(Format f) { return is_fine(f) ? 2 : 1; }

INLINE Scales *scale_of(Format f, Group *group, uint32_t half) { return (void)f, group->numbers + half; }

INLINE Scales *offset_of(Format f, Group *group, uint32_t half) { return group->numbers + halves_of(f) + half; }

// Scales and offsets of a group of a format.
INLINE uint32_t numbers_of(Format f) { return halves_of(f) * (has_offset(f) ? 2 : 1); }

// Bytes of a group of a format.
INLINE uint32_t unpacked_bytes(Format f) { return 8 * sizeof(Words) + numbers_of(f) * sizeof(Scales); }

// What the bytes count from.
INLINE int32_t zero_of(Format f) {
  switch (f) {
    case Q4_0: return 8;
    case Q5_0: return 16;
    case Q3_K: return 4;
    case Q6_K: return 32;
    default: return is_signed(f) ? SIGNED_ZERO : 0;
  }
}

// The largest byte that a weight can be.
INLINE uint32_t largest_of(Format f) {
  switch (f) {
    case Q2_K: return 3;
    case Q3_K: return 7;
    case Q4_0: case Q4_1: case Q4_K: return 15;
    case Q5_0: case Q5_1: case Q5_K: return 31;
    case Q6_K: return 63;
    default: return 255;
  }
}

// Bytes of 32 values; of the K-quants, whose blocks have 256, an eighth of a block (2 bytes may be left over).
INLINE uint32_t block_values(Format f) { return f >= Q2_K && f <= Q6_K ? 256 : 32; }

INLINE uint32_t block_bytes(Format f) {
  switch (f) {
    case Q8_0: return 34;
    case Q4_0: return 18;
    case Q4_1: return 20;
    case Q5_0: return 22;
    case Q5_1: return 24;
    case Q2_K: return 84;
    case Q3_K: return 110;
    case Q4_K: return 144;
    case Q5_K: return 176;
    case Q6_K: return 210;
    case IQ4_NL: return 18;
    case MXFP4: return 17;
    default: return 0;
  }
}

INLINE uint32_t group_bytes(Format f) { return GROUP_VALUES / block_values(f) * block_bytes(f); }
