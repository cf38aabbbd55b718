// Rows of x as integers of 8 bits, 32 of them under one scale: x[i] ≈ scale · q[i], |q[i]| ≤ 127.
//
// ggml's q8_0, but for the scale, which stays f32. With them is what a weight's layout needs of their sum:
// −zero · sum, where a sum of products is to start, or, for a layout with offsets, scale · sum.
#pragma once

#include "tile.h"

typedef struct {
  int8_t q[32];
  float scale;
  union {
    int32_t start;
    float scaled_sum;
  } parts[2];  // of 16 each, or the first for all 32
  uint32_t unused;
} Activations;

// `columns` is a multiple of 32. `layout` and `zero` are those of the weight that they will be multiplied by.
void quantize_row(Layout layout, int32_t zero, const float *x, uint32_t columns, Activations *to);
