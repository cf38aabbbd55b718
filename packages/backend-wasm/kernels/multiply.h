// Products of rows of x with rows of a weight, in whatever form the weight is held.
#pragma once

#include "kernel.h"

// Rows of a weight as this backend holds them: numbers row by row, or tiles of a block format.
typedef struct {
  const void *data;
  Count format;
  Count rows;
  Count columns;
} Held;

// Prepared rows of x; those of numbers may have any stride.
typedef struct {
  const void *data;
  uint32_t rows;
  uint32_t stride_bytes;
} Rows;

// A row of x as products with a weight take it, and how many bytes that is: f32, or `Activations` where the
// weight is of a block format.
void prepare(const Held *weight, const float *x, void *to);
uint32_t prepared_bytes(const Held *weight);

// What `multiply` needs besides: tiles of bytes, widened to 16 bits, take most.
INLINE uint32_t panel_bytes(const Held *weight) { return 32 * weight->columns; }

// `count` rows of a weight from row `first` on, a multiple of 8.
Held rows_from(const Held *weight, uint32_t first, uint32_t count);

// y[r · stride + o] = sum over i of weight[o, i] · x[r, i], for prepared rows of x.
void multiply_rows(const Held *weight, Rows x, float *y, uint32_t stride, void *panel);
void multiply_numbers(const Held *weight, Rows x, float *y, uint32_t stride, void *panel);
void multiply_tiles(const Held *weight, Rows x, float *y, uint32_t stride, void *panel);

// One row of a weight as f32.
void widen_row(const Held *weight, uint32_t row, float *to);
