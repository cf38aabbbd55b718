// A matrix product with what usually follows it.
//
//   y[r, o] = activation(sum over i of weight[o, i] · x[r, i] + bias[o]) + residual[r, o]
//
// Several outputs are summed side by side, so that several rows of the weight stream from memory at once
// (the hardware prefetcher follows each) and no addition waits for the one before: eight of them with one
// row of x, four with two. The weight is widened in registers as it streams. With many rows of x, four of
// its rows are widened once into a panel that stays in the cache.
//
// Whichever way: lane l of a sum adds the products of i = l, l + 4, l + 8 … in this order, and the four
// lanes are added at the end. A row's result therefore does not depend on the rows beside it.
#include "activation.h"
#include "float4.h"

// From this many rows on, widening into a panel costs less than widening again for every two rows.
#define PANEL_ROWS 5

typedef struct {
  Extent rows;
  Matrix x;
  Stored weight;      // [outputs, inputs]
  const float *bias;  // or null
  Count activation;
  Matrix residual;    // of null where there is none
  Matrix y;
  Workspace panel;    // [4, inputs]
} Linear;

// sums[r] = the products of row r of x with four rows of the weight, then with the next four …, for
// `rows` rows of x and `outputs` rows of the weight. Both are constants, with a product of at most 8.
INLINE void multiply(uint32_t rows, const float *const x[], uint32_t outputs, const char *const w[],
                     uint32_t inputs, Format format, float4 sums[]) {
  float4 lanes[8];
#pragma unroll
  for (uint32_t k = 0; k < rows * outputs; k++) lanes[k] = splat(0);
  uint32_t i = 0;
  for (; i + 4 <= inputs; i += 4) {
#pragma unroll
    for (uint32_t o = 0; o < outputs; o++) {
      float4 weight = load_stored(w[o], i, format);
#pragma unroll
      for (uint32_t r = 0; r < rows; r++) {
        lanes[r * outputs + o] = add(lanes[r * outputs + o], mul(load4(x[r] + i), weight));
      }
    }
  }
  if (i < inputs) {
#pragma unroll
    for (uint32_t k = 0; k < rows * outputs; k++) {
      float4 weight = load_some_stored(w[k % outputs], i, format, inputs - i);
      lanes[k] = add(lanes[k], mul(load_some(x[k / outputs] + i, inputs - i), weight));
    }
  }
#pragma unroll
  for (uint32_t k = 0; k < rows * outputs; k += 4) {
    sums[k / 4] = sums_of(lanes[k], lanes[k + 1], lanes[k + 2], lanes[k + 3]);
  }
}

// What follows the sum, for outputs o to o + count − 1 of a row.
INLINE void finish(const Linear *op, uint32_t row, uint32_t o, uint32_t count, float4 sum) {
  if (op->bias) sum = add(sum, load_upto4(op->bias + o, count));
  sum = activate(op->activation, sum);
  if (op->residual.data) sum = add(sum, load_upto4(row_of(op->residual, row) + o, count));
  store_upto4(row_of(op->y, row) + o, sum, count);
}

// `count` rows of the weight from o on; past the last one, the last one again.
INLINE void weight_rows(const Linear *op, uint32_t o, uint32_t count, const char *rows[]) {
  uint64_t row_bytes = (uint64_t)op->x.columns * bytes_of(op->weight.format);
#pragma unroll
  for (uint32_t k = 0; k < count; k++) {
    rows[k] = (const char *)op->weight.data + min_u32(o + k, op->y.columns - 1) * row_bytes;
  }
}

INLINE void one_row(const Linear *op, Format format) {
  const float *x[] = {row_of(op->x, 0)};
  uint32_t outputs = op->y.columns;
  for (uint32_t o = 0; o < outputs; o += 8) {
    const char *w[8];
    float4 sums[2];
    weight_rows(op, o, 8, w);
    multiply(1, x, 8, w, op->x.columns, format, sums);
    finish(op, 0, o, min_u32(4, outputs - o), sums[0]);
    if (o + 4 < outputs) finish(op, 0, o + 4, min_u32(4, outputs - o - 4), sums[1]);
  }
}

// Rows of x, two at a time, over four rows of the weight.
INLINE void four_outputs(const Linear *op, uint32_t rows, uint32_t o, const char *const w[], Format format) {
  uint32_t count = min_u32(4, op->y.columns - o), inputs = op->x.columns, row = 0;
  float4 sums[2];
  for (; row + 2 <= rows; row += 2) {
    const float *x[] = {row_of(op->x, row), row_of(op->x, row + 1)};
    multiply(2, x, 4, w, inputs, format, sums);
    finish(op, row, o, count, sums[0]);
    finish(op, row + 1, o, count, sums[1]);
  }
  if (row == rows) return;
  const float *x[] = {row_of(op->x, row)};
  multiply(1, x, 4, w, inputs, format, sums);
  finish(op, row, o, count, sums[0]);
}

NOINLINE void four_widened_outputs(const Linear *op, uint32_t rows, uint32_t o, const char *const w[]) {
  four_outputs(op, rows, o, w, F32);
}

INLINE void few_rows(const Linear *op, uint32_t rows, Format format) {
  for (uint32_t o = 0; o < op->y.columns; o += 4) {
    const char *w[4];
    weight_rows(op, o, 4, w);
    if (format == F32) four_widened_outputs(op, rows, o, w);
    else four_outputs(op, rows, o, w, format);
  }
}

INLINE void many_rows(const Linear *op, uint32_t rows, Format format) {
  uint32_t inputs = op->x.columns;
  for (uint32_t o = 0; o < op->y.columns; o += 4) {
    const char *w[4];
    weight_rows(op, o, 4, w);
    for (uint32_t k = 0; k < 4; k++) {
      float *widened = (float *)op->panel.data + k * inputs;
      widen_as(w[k], widened, inputs, format);
      w[k] = (const char *)widened;
    }
    four_widened_outputs(op, rows, o, w);
  }
}

INLINE void multiply_as(const Linear *op, uint32_t rows, Format format) {
  if (rows == 1) one_row(op, format);
  else if (rows < PANEL_ROWS || format == F32) few_rows(op, rows, format);
  else many_rows(op, rows, format);
}

KERNEL void linear(const Linear *op, uint32_t part, uint32_t parts) {
  (void)parts;
  if (part > 0) return;
  uint32_t rows = *op->rows;
  if (rows == 0) return;
  if (op->weight.format == F32) multiply_as(op, rows, F32);
  else if (op->weight.format == F16) multiply_as(op, rows, F16);
  else multiply_as(op, rows, BF16);
}
