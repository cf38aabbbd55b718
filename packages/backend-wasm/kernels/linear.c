// A matrix product with what usually follows it.
//
//   y[r, o] = activation(sum over i of weight[o, i] · x[r, i] + bias[o]) + residual[r, o]
//
// Four outputs are summed side by side, so that four rows of the weight stream from memory at once and
// no addition waits for the one before. For one row of x the weight is widened in registers as it
// streams; for more, four of its rows are widened into a panel that stays in the cache, and two rows of
// x at a time go over it.
//
// Whichever way: lane l of a sum adds the products of i = l, l + 4, l + 8 … in this order, and the four
// lanes are added at the end. A row's result therefore does not depend on the rows beside it.
#include "activation.h"

typedef struct {
  Extent rows;
  Matrix x;
  Stored weight;      // [outputs, inputs]
  const float *bias;  // or null
  uint32_t activation;
  Matrix residual;    // of null where there is none
  Matrix y;
  float *panel;       // [4, inputs]
} Linear;

typedef struct {
  const char *row[4];
} FourRows;

// One row of x times four rows of the weight.
INLINE float4 one_by_four(const float *x, FourRows w, uint32_t inputs, Format format) {
  float4 a = splat(0), b = a, c = a, d = a;
  uint32_t i = 0;
  for (; i + 4 <= inputs; i += 4) {
    float4 input = load4(x + i);
    a = add(a, mul(input, load_stored(w.row[0], i, format)));
    b = add(b, mul(input, load_stored(w.row[1], i, format)));
    c = add(c, mul(input, load_stored(w.row[2], i, format)));
    d = add(d, mul(input, load_stored(w.row[3], i, format)));
  }
  if (i < inputs) {
    uint32_t rest = inputs - i;
    float4 input = load_some(x + i, rest);
    a = add(a, mul(input, load_some_stored(w.row[0], i, format, rest)));
    b = add(b, mul(input, load_some_stored(w.row[1], i, format, rest)));
    c = add(c, mul(input, load_some_stored(w.row[2], i, format, rest)));
    d = add(d, mul(input, load_some_stored(w.row[3], i, format, rest)));
  }
  return sums_of(a, b, c, d);
}

// Two rows of x times four rows of a widened weight.
INLINE void two_by_four(const float *x, const float *x_next, FourRows w, uint32_t inputs, float4 sums[2]) {
  float4 a = splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
  uint32_t i = 0;
  for (; i + 4 <= inputs; i += 4) {
    float4 input = load4(x + i), next = load4(x_next + i), weight = load_stored(w.row[0], i, F32);
    a = add(a, mul(input, weight));
    e = add(e, mul(next, weight));
    weight = load_stored(w.row[1], i, F32);
    b = add(b, mul(input, weight));
    f = add(f, mul(next, weight));
    weight = load_stored(w.row[2], i, F32);
    c = add(c, mul(input, weight));
    g = add(g, mul(next, weight));
    weight = load_stored(w.row[3], i, F32);
    d = add(d, mul(input, weight));
    h = add(h, mul(next, weight));
  }
  if (i < inputs) {
    uint32_t rest = inputs - i;
    float4 input = load_some(x + i, rest), next = load_some(x_next + i, rest);
    float4 weight = load_some_stored(w.row[0], i, F32, rest);
    a = add(a, mul(input, weight));
    e = add(e, mul(next, weight));
    weight = load_some_stored(w.row[1], i, F32, rest);
    b = add(b, mul(input, weight));
    f = add(f, mul(next, weight));
    weight = load_some_stored(w.row[2], i, F32, rest);
    c = add(c, mul(input, weight));
    g = add(g, mul(next, weight));
    weight = load_some_stored(w.row[3], i, F32, rest);
    d = add(d, mul(input, weight));
    h = add(h, mul(next, weight));
  }
  sums[0] = sums_of(a, b, c, d);
  sums[1] = sums_of(e, f, g, h);
}

// What follows the sum, for outputs o to o + count − 1 of a row.
INLINE void finish(const Linear *op, uint32_t row, uint32_t o, uint32_t count, float4 sum) {
  if (op->bias) sum = add(sum, load_upto4(op->bias + o, count));
  sum = activate(op->activation, sum);
  if (op->residual.data) sum = add(sum, load_upto4(row_of(op->residual, row) + o, count));
  store_upto4(row_of(op->y, row) + o, sum, count);
}

// Rows o to o + 3 of the weight; past the last one, the last one again.
INLINE FourRows four_rows(const Linear *op, uint32_t o) {
  uint64_t row_bytes = (uint64_t)op->x.columns * bytes_of(op->weight.format);
  FourRows rows;
  for (uint32_t k = 0; k < 4; k++) {
    rows.row[k] = (const char *)op->weight.data + min_u32(o + k, op->y.columns - 1) * row_bytes;
  }
  return rows;
}

INLINE void one_row(const Linear *op, Format format) {
  const float *x = row_of(op->x, 0);
  for (uint32_t o = 0; o < op->y.columns; o += 4) {
    float4 sum = one_by_four(x, four_rows(op, o), op->x.columns, format);
    finish(op, 0, o, min_u32(4, op->y.columns - o), sum);
  }
}

static void many_rows(const Linear *op, uint32_t rows) {
  uint32_t inputs = op->x.columns;
  for (uint32_t o = 0; o < op->y.columns; o += 4) {
    uint32_t count = min_u32(4, op->y.columns - o), row = 0;
    FourRows w = four_rows(op, o);
    if (op->weight.format != F32) {
      for (uint32_t k = 0; k < 4; k++) {
        widen(w.row[k], op->panel + k * inputs, inputs, op->weight.format);
        w.row[k] = (const char *)(op->panel + k * inputs);
      }
    }
    for (; row + 2 <= rows; row += 2) {
      float4 sums[2];
      two_by_four(row_of(op->x, row), row_of(op->x, row + 1), w, inputs, sums);
      finish(op, row, o, count, sums[0]);
      finish(op, row + 1, o, count, sums[1]);
    }
    if (row < rows) finish(op, row, o, count, one_by_four(row_of(op->x, row), w, inputs, F32));
  }
}

KERNEL void linear(const Linear *op) {
  uint32_t rows = *op->rows;
  if (rows > 1) many_rows(op, rows);
  else if (rows == 0) return;
  else if (op->weight.format == F32) one_row(op, F32);
  else if (op->weight.format == F16) one_row(op, F16);
  else one_row(op, BF16);
}
