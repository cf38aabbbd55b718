// The matrix product with rows of f32, f16 or bf16, widened as they are read.
//
// Lane l of a sum adds the products of the columns that come to lane l of vectors in the order of `float-pairs.h`, one
// vector after the other, and the lanes are added at the end, whether rows are few or many.
#pragma once

#include "linear-floats-many.h"

// The products of a pair of `rows` rows of x with that of `outputs` rows of the weight, at w + offset.
INLINE void add_pair_of_few(Format format, uint32_t rows, Floats x[][2], uint32_t outputs, const uint8_t *const w[],
                            uint64_t offset, Floats lanes[]) {
#pragma GCC unroll 8
  for (uint32_t o = 0; o < outputs; o++) {
#pragma GCC unroll 2
    for (uint32_t h = 0; h < 2; h++) {
      Floats weight = load_of_pair(format, w[o] + offset, h);
#pragma GCC unroll 2
      for (uint32_t r = 0; r < rows; r++) {
        lanes[r * outputs + o] = multiply_add(lanes[r * outputs + o], x[r][h], weight);
      }
    }
  }
}

// The products of `rows` rows of x with `outputs` rows of the weight, a multiple of 4; constants with a product of 8.
INLINE void multiply_floats(Format format, uint32_t rows, const float *const x[], uint32_t outputs,
                            const uint8_t *const w[], uint32_t columns, float sums[]) {
  Floats lanes[8] = {{0}}, pairs[2][2];
  uint32_t i = 0;
  for (; i + PAIR_COLUMNS <= columns; i += PAIR_COLUMNS) {
#pragma GCC unroll 2
    for (uint32_t r = 0; r < rows; r++) load_pair(format, x[r] + i, PAIR_COLUMNS, pairs[r]);
    add_pair_of_few(format, rows, pairs, outputs, w, (uint64_t)i * bytes_of(format), lanes);
  }
  if (i < columns) {
    uint8_t ends[8][4 * PAIR_COLUMNS];
    const uint8_t *at[8];
    for (uint32_t r = 0; r < rows; r++) load_pair(format, x[r] + i, columns - i, pairs[r]);
    for (uint32_t o = 0; o < outputs; o++) {
      copy_some(format, w[o] + (uint64_t)i * bytes_of(format), columns - i, ends[o]);
      at[o] = ends[o];
    }
    add_pair_of_few(format, rows, pairs, outputs, at, 0, lanes);
  }
#pragma GCC unroll 2
  for (uint32_t r = 0; r < rows; r++) {
#pragma GCC unroll 2
    for (uint32_t o = 0; o < outputs; o += 4) {
      const Floats *four = lanes + r * outputs + o;
      store_four(sums + r * LANES + o, sums_of_four(four[0], four[1], four[2], four[3]));
    }
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

// From so many rows on, packing them pays.
#define MANY_FLOAT_ROWS 3

INLINE void multiply_numbers(Format format, const Linear *op, Share outputs) {
  if (*op->rows >= MANY_FLOAT_ROWS) multiply_many_numbers(format, op, outputs);
  else multiply_few_numbers(format, op, outputs);
}
