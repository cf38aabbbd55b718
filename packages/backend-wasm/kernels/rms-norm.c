// Root-mean-square normalization of each row, scaled by a learned weight.
//
//   y[r, c] = x[r, c] / sqrt(mean over c of x[r, c]² + epsilon) · weight[c]
//
// The squares are added in four lanes, then across them.
//
// Zhang & Sennrich 2019, arXiv:1910.07467, eq. 4.
#include "float4.h"

typedef struct {
  Extent rows;
  Matrix x;
  const float *weight;
  float epsilon;
  Matrix y;
} RmsNorm;

KERNEL void rmsNorm(const RmsNorm *op) {
  uint32_t columns = op->x.columns, whole = columns & ~3u, rest = columns - whole;
  for (uint32_t row = 0; row < *op->rows; row++) {
    const float *x = row_of(op->x, row);
    float *y = row_of(op->y, row);
    float4 squares = splat(0);
    for (uint32_t c = 0; c < whole; c += 4) squares = add(squares, mul(load4(x + c), load4(x + c)));
    float4 last = load_some(x + whole, rest);
    squares = add(squares, mul(last, last));

    float4 scale = splat(1 / __builtin_sqrtf(sum_of(squares) / (float)columns + op->epsilon));
    for (uint32_t c = 0; c < whole; c += 4) store4(y + c, mul(mul(load4(x + c), scale), load4(op->weight + c)));
    store_some(y + whole, mul(mul(last, scale), load_some(op->weight + whole, rest)), rest);
  }
}
