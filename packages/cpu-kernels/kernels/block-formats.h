// ggml's quantized formats, one block to f32. The formulas and the packing are those of @krait/tensor's
// block-formats, and every result is the same bit for bit.
//
// Plain loops: a row of an embedding is all that is widened this way. Matrix products have their own.
//
// Source: the block structures and reference functions of ggml (ggml-common.h, ggml-quants.c).
#pragma once

#include "kernel.h"

static float f16_at(const uint8_t *p) {
  uint32_t half = p[0] | (uint32_t)p[1] << 8, magnitude = half & 0x7fff;
  union { uint32_t bits; float value; } x = {.bits = magnitude << 13};
  x.value *= 0x1p112f;
  if (magnitude >= 0x7c00) x.bits |= 0x7f800000;
  x.bits |= (half & 0x8000) << 16;
  return x.value;
}

// Value j of 32 has its four bits in byte j of 16, low halves first.
INLINE uint32_t nibble(const uint8_t *nibbles, uint32_t j) { return nibbles[j & 15] >> (j >> 4) * 4 & 15; }

// And its fifth in bit j of four bytes.
INLINE uint32_t with_fifth_bit(uint32_t low, const uint8_t *high, uint32_t j) {
  return low | (high[j >> 3] >> (j & 7) & 1) << 4;
}

static void widen_q8_0(const uint8_t *block, float *to) {
  float d = f16_at(block);
  for (uint32_t j = 0; j < 32; j++) to[j] = d * (float)(int8_t)block[2 + j];
}

static void widen_q4_0(const uint8_t *block, float *to) {
  float d = f16_at(block);
  for (uint32_t j = 0; j < 32; j++) to[j] = d * ((float)nibble(block + 2, j) - 8);
}

static void widen_q4_1(const uint8_t *block, float *to) {
  float d = f16_at(block), m = f16_at(block + 2);
  for (uint32_t j = 0; j < 32; j++) to[j] = d * (float)nibble(block + 4, j) + m;
}

static void widen_q5_0(const uint8_t *block, float *to) {
  float d = f16_at(block);
  for (uint32_t j = 0; j < 32; j++) {
    to[j] = d * ((float)with_fifth_bit(nibble(block + 6, j), block + 2, j) - 16);
  }
}

static void widen_q5_1(const uint8_t *block, float *to) {
  float d = f16_at(block), m = f16_at(block + 2);
  for (uint32_t j = 0; j < 32; j++) {
    to[j] = d * (float)with_fifth_bit(nibble(block + 8, j), block + 4, j) + m;
  }
}

static void widen_iq4_nl(const uint8_t *block, float *to) {
  static const int8_t steps[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
  float d = f16_at(block);
  for (uint32_t j = 0; j < 32; j++) to[j] = d * (float)steps[nibble(block + 2, j)];
}

static void widen_mxfp4(const uint8_t *block, float *to) {
  static const float e2m1[16] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6, 0, -0.5f, -1, -1.5f, -2, -3, -4, -6};
  union { uint32_t bits; float value; } d = {.bits = block[0] == 0 ? 0x00400000 : (uint32_t)block[0] << 23};
  for (uint32_t j = 0; j < 32; j++) to[j] = d.value * e2m1[nibble(block + 1, j)];
}

// Two bits of value j of 256 from 64 bytes: each of 32 bytes holds four planes, in each half of the block.
INLINE uint32_t two_bits(const uint8_t *low, uint32_t j) {
  return low[(j >> 7) * 32 + (j & 31)] >> 2 * (j >> 5 & 3) & 3;
}

static void widen_q2_k(const uint8_t *block, float *to) {
  float d = f16_at(block + 80), m = f16_at(block + 82);
  for (uint32_t j = 0; j < 256; j++) {
    uint8_t scales = block[j >> 4];
    to[j] = d * (float)(scales & 15) * (float)two_bits(block + 16, j) - m * (float)(scales >> 4);
  }
}

// One of 16 scales of 6 bits: four low bits in bytes 0 to 7, two high ones in bytes 8 to 11.
INLINE int32_t q3_scale(const uint8_t *scales, uint32_t sub) {
  uint32_t low = scales[sub & 7] >> (sub < 8 ? 0 : 4) & 15, high = scales[8 + (sub & 3)] >> 2 * (sub >> 2) & 3;
  return (int32_t)(low | high << 4) - 32;
}

static void widen_q3_k(const uint8_t *block, float *to) {
  float d = f16_at(block + 108);
  for (uint32_t j = 0; j < 256; j++) {
    uint32_t high = block[j & 31] >> (j >> 5) & 1;
    float q = (float)(int32_t)(two_bits(block + 32, j) | high << 2) - 4;
    to[j] = d * (float)q3_scale(block + 96, j >> 4) * q;
  }
}

// One of 8 scales of 6 bits; the minima stand four bytes, or four bits, further on.
INLINE uint32_t q4_scale(const uint8_t *scales, uint32_t sub) {
  return sub < 4 ? scales[sub] & 63 : (scales[sub + 4] & 15) | (scales[sub - 4] >> 6) << 4;
}

INLINE uint32_t q4_minimum(const uint8_t *scales, uint32_t sub) {
  return sub < 4 ? scales[sub + 4] & 63 : scales[sub + 4] >> 4 | (scales[sub] >> 6) << 4;
}

INLINE void widen_q45_k(const uint8_t *block, const uint8_t *high, const uint8_t *low, float *to) {
  float d = f16_at(block), m = f16_at(block + 2);
  for (uint32_t j = 0; j < 256; j++) {
    uint32_t sub = j >> 5, q = low[(sub >> 1) * 32 + (j & 31)] >> 4 * (sub & 1) & 15;
    if (high) q |= (high[j & 31] >> sub & 1) << 4;
    to[j] = d * (float)q4_scale(block + 4, sub) * (float)q - m * (float)q4_minimum(block + 4, sub);
  }
}

static void widen_q4_k(const uint8_t *block, float *to) { widen_q45_k(block, 0, block + 16, to); }

static void widen_q5_k(const uint8_t *block, float *to) { widen_q45_k(block, block + 16, block + 48, to); }

static void widen_q6_k(const uint8_t *block, float *to) {
  float d = f16_at(block + 208);
  for (uint32_t j = 0; j < 256; j++) {
    uint32_t low = block[(j >> 7) * 64 + (j & 63)] >> (j >> 6 & 1) * 4 & 15;
    float q = (float)(int32_t)(low | two_bits(block + 128, j) << 4) - 32;
    to[j] = d * (float)(int8_t)block[192 + (j >> 4)] * q;
  }
}

// How a format lays out its blocks. One whose values stand alone has no function here.
typedef struct {
  uint32_t values;
  uint32_t bytes;
  void (*widen)(const uint8_t *block, float *to);
} BlockLayout;

// In the order of `Format`.
static const BlockLayout layouts[] = {
    {1, 4, 0},
    {1, 2, 0},
    {1, 2, 0},
    {32, 34, widen_q8_0},
    {32, 18, widen_q4_0},
    {32, 20, widen_q4_1},
    {32, 22, widen_q5_0},
    {32, 24, widen_q5_1},
    {256, 84, widen_q2_k},
    {256, 110, widen_q3_k},
    {256, 144, widen_q4_k},
    {256, 176, widen_q5_k},
    {256, 210, widen_q6_k},
    {32, 18, widen_iq4_nl},
    {32, 17, widen_mxfp4},
};
