// Products with a weight of f32, f16 or bf16: of one row of x and of a few. `multiply-many-numbers.c` has those of more.
//
// Several outputs are summed side by side, so that several rows of the weight stream from memory at once
// (the hardware prefetcher follows each) and no addition waits for the one before: eight of them with one
// row of x, four with two. The weight is widened in registers as it streams.
//
// Whichever way: lane l of a sum adds the products of i = l, l + 4, l + 8 … in this order, and the four
// lanes are added at the end. A row's result therefore does not depend on the rows beside it.
#include "float4.h"
#include "multiply.h"

INLINE const float *row_at(Rows x, uint32_t row) {
  return (const float *)((const char *)x.data + (uint64_t)row * x.stride_bytes);
}

// sums[r] = the products of row r of x with four rows of the weight, then with the next four …, for
// `rows` rows of x and `outputs` rows of the weight. Both are constants, with a product of at most 8.
INLINE void sum_products(uint32_t rows, const float *const x[], uint32_t outputs, const char *const w[],
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
        lanes[r * outputs + o] = multiply_add(lanes[r * outputs + o], load4(x[r] + i), weight);
      }
    }
  }
  if (i < inputs) {
#pragma unroll
    for (uint32_t k = 0; k < rows * outputs; k++) {
      float4 weight = load_some_stored(w[k % outputs], i, format, inputs - i);
      lanes[k] = multiply_add(lanes[k], load_some(x[k / outputs] + i, inputs - i), weight);
    }
  }
#pragma unroll
  for (uint32_t k = 0; k < rows * outputs; k += 4) {
    sums[k / 4] = sums_of(lanes[k], lanes[k + 1], lanes[k + 2], lanes[k + 3]);
  }
}

// `count` rows of the weight from o on; past the last one, the last one again.
INLINE void weight_rows(const Held *weight, uint32_t o, uint32_t count, const char *rows[]) {
  uint64_t row_bytes = (uint64_t)weight->columns * bytes_of(weight->format);
#pragma unroll
  for (uint32_t k = 0; k < count; k++) {
    rows[k] = (const char *)weight->data + min_u32(o + k, weight->rows - 1) * row_bytes;
  }
}

INLINE void one_row(const Held *weight, const float *x, float *y, Format format) {
  uint32_t outputs = weight->rows;
  for (uint32_t o = 0; o < outputs; o += 8) {
    const char *w[8];
    float4 sums[2];
    weight_rows(weight, o, 8, w);
    sum_products(1, &x, 8, w, weight->columns, format, sums);
    store_upto4(y + o, sums[0], min_u32(4, outputs - o));
    if (o + 4 < outputs) store_upto4(y + o + 4, sums[1], min_u32(4, outputs - o - 4));
  }
}

// Rows of x, two at a time, over four rows of the weight.
INLINE void few_rows(const Held *weight, Rows x, float *y, uint32_t stride, Format format) {
  for (uint32_t o = 0; o < weight->rows; o += 4) {
    uint32_t count = min_u32(4, weight->rows - o), row = 0;
    const char *w[4];
    float4 sums[2];
    weight_rows(weight, o, 4, w);
    for (; row + 2 <= x.rows; row += 2) {
      const float *two[] = {row_at(x, row), row_at(x, row + 1)};
      sum_products(2, two, 4, w, weight->columns, format, sums);
      store_upto4(y + row * stride + o, sums[0], count);
      store_upto4(y + (row + 1) * stride + o, sums[1], count);
    }
    if (row == x.rows) continue;
    const float *last = row_at(x, row);
    sum_products(1, &last, 4, w, weight->columns, format, sums);
    store_upto4(y + row * stride + o, sums[0], count);
  }
}

INLINE void multiply_as(const Held *weight, Rows x, float *y, uint32_t stride, Format format) {
  if (x.rows == 1) one_row(weight, x.data, y, format);
  else few_rows(weight, x, y, stride, format);
}

void multiply_numbers(const Held *weight, Rows x, float *y, uint32_t stride, void *panel) {
  if (is_packed(weight, x.rows)) multiply_many_numbers(weight, x, y, stride, panel);
  else if (weight->format == F32) multiply_as(weight, x, y, stride, F32);
  else if (weight->format == F16) multiply_as(weight, x, y, stride, F16);
  else multiply_as(weight, x, y, stride, BF16);
}
