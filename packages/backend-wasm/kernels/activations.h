// Rows of x as integers of 8 bits, 32 of them under one scale: x[i] ≈ scale · q[i], |q[i]| ≤ 127.
//
// ggml's q8_0, but for the scale, which stays f32. With them is what a weight's layout needs of their sum:
// −zero · sum, where a sum of products is to start, or, for a layout with offsets, scale · sum.
//
// A row is held in bytes, or widened to 16 bits where products take it so (WIDENED in `dot.h`).
#pragma once

#include "tile.h"

typedef struct {
  float scale;
  union {
    int32_t start;
    float scaled_sum;
  } parts[2];  // of 16 each, or the first for all 32
  uint32_t unused;
  union {
    int8_t bytes[32];
    int16_t widened[32];
  } q;
} Activations;

INLINE uint32_t activation_bytes(bool is_widened) { return sizeof(Activations) - (is_widened ? 0 : 32); }

// Those of the columns that come `blocks` · 32 further on.
INLINE const Activations *activations_after(const Activations *x, bool is_widened, uint32_t blocks) {
  return (const Activations *)((const char *)x + blocks * activation_bytes(is_widened));
}

// `columns` is a multiple of 32. `layout` and `zero` are those of the weight that they will be multiplied by.
void quantize_row(Layout layout, bool is_widened, int32_t zero, const float *x, uint32_t columns, void *to);
