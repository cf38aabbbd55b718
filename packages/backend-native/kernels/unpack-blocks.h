// Unpacks groups of the formats whose blocks have 32 values: a scale, and bytes of nibbles where byte j
// holds value j in its low half and value j + 16 in its high half.
//
//          bytes of a block                           value
//   q8_0   d f16, 32 of i8                            d · q
//   q4_0   d f16, 16 of nibbles                       d · (q − 8)
//   q4_1   d f16, m f16, 16 of nibbles                d · q + m
//   q5_0   d f16, 32 high bits, 16 of nibbles         d · (q − 16)
//   q5_1   d f16, m f16, 32 high bits, 16 of nibbles  d · q + m
//   iq4_nl d f16, 16 of nibbles                       d · nonLinear[q]
//   mxfp4  e u8, 16 of nibbles                        2^(e − 127) · e2m1[q]
//
// Source: the block structures of ggml (ggml-common.h).
#pragma once

#include "group.h"

INLINE void unpack_nibbles(const uint8_t *at, uint32_t block_bytes, Words bytes[8]) {
  Words turned[4];
  load_turned(at, block_bytes, turned);
#pragma GCC unroll 4
  for (uint32_t k = 0; k < 4; k++) {
    bytes[k] = mask_bytes(turned[k], 0x0f);
    bytes[4 + k] = mask_bytes(turned[k] >> 4, 0x0f);
  }
}

INLINE void add_fifth_bits(Words high, Words bytes[8]) {
#pragma GCC unroll 8
  for (uint32_t k = 0; k < 8; k++) bytes[k] |= fifth_bits(high >> (4 * k));
}

// Moves signed bytes up to where `zero_of` says that they are.
INLINE Words from_signed(Words bytes) { return bytes ^ (SIGNED_ZERO * 0x01010101u); }

INLINE void unpack_q8_0(const uint8_t *at, Group *group) {
  group->numbers[0] = gather_halves(at, 34);
  load_turned(at + 2, 34, group->bytes);
  load_turned(at + 18, 34, group->bytes + 4);
#pragma GCC unroll 8
  for (uint32_t k = 0; k < 8; k++) group->bytes[k] = from_signed(group->bytes[k]);
}

INLINE void unpack_q4_0(const uint8_t *at, Group *group) {
  group->numbers[0] = gather_halves(at, 18);
  unpack_nibbles(at + 2, 18, group->bytes);
}

INLINE void unpack_q4_1(const uint8_t *at, Group *group) {
  Words halves = gather_words(at, 20);
  group->numbers[0] = widen_lower_halves(halves);
  group->numbers[1] = widen_lower_halves(halves >> 16);
  unpack_nibbles(at + 4, 20, group->bytes);
}

INLINE void unpack_q5_0(const uint8_t *at, Group *group) {
  group->numbers[0] = gather_halves(at, 22);
  unpack_nibbles(at + 6, 22, group->bytes);
  add_fifth_bits(gather_words(at + 2, 22), group->bytes);
}

INLINE void unpack_q5_1(const uint8_t *at, Group *group) {
  Words halves = gather_words(at, 24);
  group->numbers[0] = widen_lower_halves(halves);
  group->numbers[1] = widen_lower_halves(halves >> 16);
  unpack_nibbles(at + 8, 24, group->bytes);
  add_fifth_bits(gather_words(at + 4, 24), group->bytes);
}

INLINE void look_up_all(const int8_t table[16], Words bytes[8]) {
  uint8_t moved[16];
  for (uint32_t i = 0; i < 16; i++) moved[i] = (uint8_t)table[i] ^ SIGNED_ZERO;
#pragma GCC unroll 8
  for (uint32_t k = 0; k < 8; k++) bytes[k] = look_up(moved, bytes[k]);
}

// Steps that widen away from zero, as weights grow rarer.
static const int8_t non_linear[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

// Twice the values of one sign, two exponent bits and one fraction bit.
static const int8_t twice_e2m1[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

INLINE void unpack_iq4_nl(const uint8_t *at, Group *group) {
  group->numbers[0] = gather_halves(at, 18);
  unpack_nibbles(at + 2, 18, group->bytes);
  look_up_all(non_linear, group->bytes);
}

// Half of 2^(e − 127), whose smallest are subnormal.
INLINE float half_power(uint8_t e) {
  union { uint32_t bits; float value; } power = {e >= 2 ? (uint32_t)(e - 1) << 23 : 0x00200000u << e};
  return power.value;
}

INLINE void unpack_mxfp4(const uint8_t *at, Group *group) {
  float powers[BLOCKS];
  for (uint32_t l = 0; l < BLOCKS; l++) powers[l] = half_power(at[17 * l]);
  __builtin_memcpy(&group->numbers[0], powers, sizeof powers);
  unpack_nibbles(at + 1, 17, group->bytes);
  look_up_all(twice_e2m1, group->bytes);
}
