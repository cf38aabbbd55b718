// Unpacks groups of ggml's K-quants, whose blocks of 256 values have small scales for every 16 or 32.
//
//          bytes of a block                                                    value
//   q2_k   16 of scales, 64 of low bits, d f16, m f16                          d · scale · q − m · minimum
//   q3_k   32 of high bits, 64 of low bits, 12 of scales, d f16                d · scale · (q − 4)
//   q4_k   d f16, m f16, 12 of scales, 128 of low bits                         d · scale · q − m · minimum
//   q5_k   d f16, m f16, 12 of scales, 32 of high bits, 128 of low bits        d · scale · q − m · minimum
//   q6_k   128 of low bits, 64 of high bits, 16 of scales i8, d f16            d · scale · (q − 32)
//
// Here a lane has 32 of those values, so a block fills eight lanes, and a 128-bit part of a vector half a
// block. Low bits are stored for planes of 32 values: the same bytes hold plane after plane.
//
// Source: the block structures of ggml (ggml-common.h).
#pragma once

#include "group.h"

// How far each lane's plane lies above the lowest bit: 0, step, 2 · step … of every `planes` lanes.
INLINE Words plane_shifts(uint32_t planes, uint32_t step) {
  Words shifts;
#pragma GCC unroll 16
  for (uint32_t l = 0; l < BLOCKS; l++) shifts[l] = l % planes * step;
  return shifts;
}

// Bits of planes that four lanes share: 32 bytes for the first half of a block and 32 for the second.
INLINE void unpack_planes_of_2(const uint8_t *at, uint32_t bytes, Words planes[8]) {
  Words shifts = plane_shifts(4, 2);
#pragma GCC unroll 2
  for (uint32_t p = 0; p < 2; p++) {
    Words x = load_parts(at + 16 * p, 32, bytes);
    planes[4 * p + 0] = mask_bytes(TWO_OF_EACH(x, x, 0) >> shifts, 3);
    planes[4 * p + 1] = mask_bytes(TWO_OF_EACH(x, x, 1) >> shifts, 3);
    planes[4 * p + 2] = mask_bytes(TWO_OF_EACH(x, x, 2) >> shifts, 3);
    planes[4 * p + 3] = mask_bytes(TWO_OF_EACH(x, x, 3) >> shifts, 3);
  }
}

// Bits of planes that all eight lanes of a block share: 32 bytes.
INLINE void unpack_planes_of_1(const uint8_t *at, uint32_t bytes, Words planes[8]) {
  Words shifts = plane_shifts(8, 1);
#pragma GCC unroll 2
  for (uint32_t p = 0; p < 2; p++) {
    Words x = load_parts(at + 16 * p, 0, bytes);
    planes[4 * p + 0] = mask_bytes(TWO_OF_EACH(x, x, 0) >> shifts, 1);
    planes[4 * p + 1] = mask_bytes(TWO_OF_EACH(x, x, 1) >> shifts, 1);
    planes[4 * p + 2] = mask_bytes(TWO_OF_EACH(x, x, 2) >> shifts, 1);
    planes[4 * p + 3] = mask_bytes(TWO_OF_EACH(x, x, 3) >> shifts, 1);
  }
}

// Nibbles of lanes 2i and 2i + 1 in the same 32 bytes.
INLINE void unpack_pairs_of_nibbles(const uint8_t *at, uint32_t bytes, Words nibbles[8]) {
  Words shifts = plane_shifts(2, 4);
#pragma GCC unroll 2
  for (uint32_t p = 0; p < 2; p++) {
    Words a = load_parts(at + 16 * p, 64, bytes), b = load_parts(at + 32 + 16 * p, 64, bytes);
    nibbles[4 * p + 0] = mask_bytes(TWO_OF_EACH(a, b, 0) >> shifts, 15);
    nibbles[4 * p + 1] = mask_bytes(TWO_OF_EACH(a, b, 1) >> shifts, 15);
    nibbles[4 * p + 2] = mask_bytes(TWO_OF_EACH(a, b, 2) >> shifts, 15);
    nibbles[4 * p + 3] = mask_bytes(TWO_OF_EACH(a, b, 3) >> shifts, 15);
  }
}

// Eight scales and eight minima of 6 bits in 12 bytes; `k-quant-scales.ts` in @krait/tensor says how.
INLINE void unpack_six_bits(const uint8_t *at, uint8_t scales[8], uint8_t minima[8]) {
  uint32_t a = word_at(at), b = word_at(at + 4), c = word_at(at + 8);
  uint32_t words[4] = {
      a & 0x3f3f3f3f,
      (c & 0x0f0f0f0f) | ((a >> 6 & 0x03030303) << 4),
      b & 0x3f3f3f3f,
      (c >> 4 & 0x0f0f0f0f) | ((b >> 6 & 0x03030303) << 4),
  };
  __builtin_memcpy(scales, words, 8);
  __builtin_memcpy(minima, words + 2, 8);
}

// An f16 of each block, in all of its lanes.
INLINE Scales block_halves(const uint8_t *at, uint32_t bytes) {
  Words halves;
#pragma GCC unroll 16
  for (uint32_t l = 0; l < BLOCKS; l++) halves[l] = half_at(at + l / 8 * bytes);
  return widen_lower_halves(halves);
}

// Scales and offsets of q4_k and q5_k.
INLINE void scale_thirtytwos(const uint8_t *at, uint32_t bytes, Group *group) {
  uint8_t scales[BLOCKS], minima[BLOCKS];
#pragma GCC unroll 2
  for (uint32_t b = 0; b < BLOCKS / 8; b++) unpack_six_bits(at + b * bytes + 4, scales + 8 * b, minima + 8 * b);
  group->numbers[0] = block_halves(at, bytes) * widen_bytes(scales);
  group->numbers[1] = -block_halves(at + 2, bytes) * widen_bytes(minima);
}

INLINE void unpack_q4_k(const uint8_t *at, Group *group) {
  scale_thirtytwos(at, 144, group);
  unpack_pairs_of_nibbles(at + 16, 144, group->bytes);
}

INLINE void unpack_q5_k(const uint8_t *at, Group *group) {
  Words high[8];
  scale_thirtytwos(at, 176, group);
  unpack_pairs_of_nibbles(at + 48, 176, group->bytes);
  unpack_planes_of_1(at + 16, 176, high);
#pragma GCC unroll 8
  for (uint32_t k = 0; k < 8; k++) group->bytes[k] |= high[k] << 4;
}

// Splits the scales of sixteens, two to a lane, into those of first and of second halves.
INLINE void split_sixteens(const uint8_t *at, uint8_t first[8], uint8_t second[8]) {
#pragma GCC unroll 8
  for (uint32_t l = 0; l < 8; l++) {
    first[l] = at[2 * l];
    second[l] = at[2 * l + 1];
  }
}

INLINE void unpack_q6_k(const uint8_t *at, Group *group) {
  uint8_t scales[2][BLOCKS];
  for (uint32_t b = 0; b < BLOCKS / 8; b++) split_sixteens(at + b * 210 + 192, scales[0] + 8 * b, scales[1] + 8 * b);
  Scales d = block_halves(at + 208, 210);
  group->numbers[0] = d * widen_signed_bytes((const int8_t *)scales[0]);
  group->numbers[1] = d * widen_signed_bytes((const int8_t *)scales[1]);

  // Lanes a b a b of a half share 64 bytes of low bits: a the first 32 and b the others, nibble by nibble.
  Words high[8], shifts = plane_shifts(4, 2) & 4;
  unpack_planes_of_2(at + 128, 210, high);
#pragma GCC unroll 2
  for (uint32_t p = 0; p < 2; p++) {
    Words a = load_parts(at + 16 * p, 64, 210), b = load_parts(at + 32 + 16 * p, 64, 210);
    Words low = low_words(a, b), up = high_words(a, b);
    Words bytes[4] = {low_pairs(low, low), high_pairs(low, low), low_pairs(up, up), high_pairs(up, up)};
#pragma GCC unroll 4
    for (uint32_t k = 0; k < 4; k++) {
      group->bytes[4 * p + k] = mask_bytes(bytes[k] >> shifts, 15) | high[4 * p + k] << 4;
    }
  }
}

// One of 16 scales of 6 bits, −32 to 31; `k-quant-scales.ts` says how.
INLINE void unpack_q3_scales(const uint8_t *at, uint8_t scales[16]) {
  uint32_t low[2] = {word_at(at), word_at(at + 4)}, high = word_at(at + 8);
#pragma GCC unroll 4
  for (uint32_t w = 0; w < 4; w++) {
    uint32_t word = (low[w % 2] >> 4 * (w / 2) & 0x0f0f0f0f) | ((high >> 2 * w & 0x03030303) << 4);
    __builtin_memcpy(scales + 4 * w, &word, 4);
  }
}

INLINE void unpack_q3_k(const uint8_t *at, Group *group) {
  uint8_t scales[2][BLOCKS], sixteens[16];
  for (uint32_t b = 0; b < BLOCKS / 8; b++) {
    unpack_q3_scales(at + b * 110 + 96, sixteens);
    split_sixteens(sixteens, scales[0] + 8 * b, scales[1] + 8 * b);
  }
  Scales d = block_halves(at + 108, 110);
  group->numbers[0] = d * (widen_bytes(scales[0]) - 32);
  group->numbers[1] = d * (widen_bytes(scales[1]) - 32);
  Words high[8];
  unpack_planes_of_2(at + 32, 110, group->bytes);
  unpack_planes_of_1(at, 110, high);
#pragma GCC unroll 8
  for (uint32_t k = 0; k < 8; k++) group->bytes[k] |= high[k] << 2;
}

// Each byte of scales: the scale in its low half, the minimum in its high half.
INLINE void unpack_q2_k(const uint8_t *at, Group *group) {
  Scales d = block_halves(at + 80, 84), m = -block_halves(at + 82, 84);
  uint8_t both[2][BLOCKS], scales[BLOCKS], minima[BLOCKS];
  for (uint32_t b = 0; b < BLOCKS / 8; b++) split_sixteens(at + b * 84, both[0] + 8 * b, both[1] + 8 * b);
#pragma GCC unroll 2
  for (uint32_t half = 0; half < 2; half++) {
    for (uint32_t l = 0; l < BLOCKS; l++) {
      scales[l] = both[half][l] & 15;
      minima[l] = both[half][l] >> 4;
    }
    group->numbers[half] = d * widen_bytes(scales);
    group->numbers[2 + half] = m * widen_bytes(minima);
  }
  unpack_planes_of_2(at + 16, 84, group->bytes);
}
