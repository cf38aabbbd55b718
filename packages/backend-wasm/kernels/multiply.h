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

// So many rows of x are multiplied at a time.
#define ROWS_AT_ONCE 64

// From so many on, rows of x that numbers are multiplied with are packed first. With fewer, numbers of f32 take longer
// to come from memory than to be multiplied: for them more of their rows are read side by side, and without relaxed SIMD
// always.
#define LEAST_PACKED_ROWS 3
#ifdef __wasm_relaxed_simd__
#define LEAST_PACKED_ROWS_OF_F32 5
#else
#define LEAST_PACKED_ROWS_OF_F32 (ROWS_AT_ONCE + 1)
#endif

// Prepared rows of x; those of numbers may have any stride unless they are packed.
typedef struct {
  const void *data;
  uint32_t rows;
  uint32_t stride_bytes;
} Rows;

// A row of x as products with a weight take it, and how many bytes that is: f32, or `Activations` where the
// weight is of a block format.
void prepare(const Held *weight, const float *x, void *to);
uint32_t prepared_bytes(const Held *weight);

INLINE uint32_t padded_columns(uint32_t columns) { return (columns + 3) / 4 * 4; }

// Whether so many rows of x are to be packed; and a part of them packed, which take as many bytes as prepared ones.
INLINE bool is_packed(const Held *weight, uint32_t rows) {
  return weight->format < Q8_0 && rows >= (weight->format == F32 ? LEAST_PACKED_ROWS_OF_F32 : LEAST_PACKED_ROWS);
}
void pack_rows(const Held *weight, Rows x, uint32_t part, uint32_t parts, void *packed);

// What `multiply_rows` needs besides: eight rows of the weight as f32, or of tiles widened to 16 bits.
INLINE uint32_t panel_bytes(const Held *weight) { return 32 * padded_columns(weight->columns); }

// `count` rows of a weight from row `first` on, a multiple of 8.
Held rows_from(const Held *weight, uint32_t first, uint32_t count);

// y[r · stride + o] = sum over i of weight[o, i] · x[r, i], for prepared or packed rows of x, at most ROWS_AT_ONCE.
void multiply_rows(const Held *weight, Rows x, float *y, uint32_t stride, void *panel);
void multiply_numbers(const Held *weight, Rows x, float *y, uint32_t stride, void *panel);
void multiply_many_numbers(const Held *weight, Rows x, float *y, uint32_t stride, void *panel);
void multiply_tiles(const Held *weight, Rows x, float *y, uint32_t stride, void *panel);

// One row of a weight as f32.
void widen_row(const Held *weight, uint32_t row, float *to);
