// The matrix product with rows of f32, f16 or bf16, widened as they stream.
//
// Lane l of a sum adds the products of i = l, l + LANES, l + 2 · LANES … in this order, and the lanes are
// added at the end, whether the weight is widened in registers for a few rows or into a tile for many.
#pragma once

#include "linear-floats-many.h"

// The products of `rows` rows of x with `outputs` rows of the weight, constants with a product of at most 24.
INLINE void multiply_floats(Format format, uint32_t rows, const float *const x[], uint32_t outputs,
                            const uint8_t *const w[], uint32_t columns, float sums[]) {
  Floats lanes[24];
#pragma GCC unroll 24
  for (uint32_t k = 0; k < rows * outputs; k++) lanes[k] = splat(0);
  uint32_t i = 0;
  for (; i + LANES <= columns; i += LANES) {
    Floats weights[8];
#pragma GCC unroll 8
    for (uint32_t o = 0; o < outputs; o++) weights[o] = load_stored(w[o], i, format);
#pragma GCC unroll 2
    for (uint32_t r = 0; r < rows; r++) {
      Floats values = load(x[r] + i);
#pragma GCC unroll 8
      for (uint32_t o = 0; o < outputs; o++) {
        lanes[r * outputs + o] = multiply_add(lanes[r * outputs + o], values, weights[o]);
      }
    }
  }
  if (i < columns) {
    for (uint32_t r = 0; r < rows; r++) {
      Floats values = load_some(x[r] + i, columns - i);
      for (uint32_t o = 0; o < outputs; o++) {
        Floats weight = load_some_stored(w[o], i, format, columns - i);
        lanes[r * outputs + o] = multiply_add(lanes[r * outputs + o], values, weight);
      }
    }
  }
  for (uint32_t r = 0; r < rows; r++) {
    for (uint32_t o = 0; o < outputs; o++) sums[r * LANES + o] = sum_of(lanes[r * outputs + o]);
  }
}

// Outputs o to o + count − 1, at most LANES, of `rows` rows from `row` on. `outputs` of them at once.
INLINE void multiply_some(Format format, const Linear *op, uint32_t row, uint32_t rows, uint32_t o, uint32_t count,
                          uint32_t outputs, const uint8_t *weights, uint64_t row_bytes) {
  const float *x[2];
  float sums[2 * LANES] = {0};
  for (uint32_t r = 0; r < rows; r++) x[r] = row_of(op->x, row + r);
  for (uint32_t j = 0; j < count; j += outputs) {
    const uint8_t *w[8];
#pragma GCC unroll 8
    for (uint32_t k = 0; k < outputs; k++) w[k] = weights + min_u32(j + k, count - 1) * row_bytes;
    multiply_floats(format, rows, x, outputs, w, op->x.columns, sums + j);
  }
  for (uint32_t r = 0; r < rows; r++) finish(op, row + r, o, count, load(sums + r * LANES));
}

INLINE void multiply_few_numbers(Format format, const Linear *op, Share outputs) {
  uint64_t row_bytes = (uint64_t)op->x.columns * bytes_of(format);
  for (uint32_t o = outputs.first; o < outputs.end; o += LANES) {
    uint32_t row = 0, count = min_u32(LANES, outputs.end - o);
    const uint8_t *weights = weight_row(op, o, row_bytes);
    for (; row + 2 <= *op->rows; row += 2) multiply_some(format, op, row, 2, o, count, 4, weights, row_bytes);
    if (row < *op->rows) multiply_some(format, op, row, 1, o, count, LANES < 8 ? 4 : 8, weights, row_bytes);
  }
}

// From so many rows on, widening a weight before it is multiplied pays.
#define MANY_FLOAT_ROWS 3

INLINE void multiply_numbers(Format format, const Linear *op, Share outputs) {
  if (*op->rows >= MANY_FLOAT_ROWS) multiply_many_numbers(format, op, outputs);
  else multiply_few_numbers(format, op, outputs);
}
