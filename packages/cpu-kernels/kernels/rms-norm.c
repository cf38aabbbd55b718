// Root-mean-square normalization of each row, scaled by a learned weight.
//
//   y[r, c] = x[r, c] / sqrt(mean over c of x[r, c]² + epsilon) · weight[c]
//
// The squares are added in lanes, then across them.
//
// Zhang & Sennrich 2019, arXiv:1910.07467, eq. 4.
#include "vector.h"

typedef struct {
  Extent rows;
  Matrix x;
  const float *weight;
  Number epsilon;
  Matrix y;
} RmsNorm;

KERNEL void rmsNorm(const RmsNorm *op, uint32_t part, uint32_t parts) {
  uint32_t columns = op->x.columns, rest = columns % LANES, whole = columns - rest;
  Share rows = share_of(*op->rows, part, parts);
  for (uint32_t row = rows.first; row < rows.end; row++) {
    const float *x = row_of(op->x, row);
    float *y = row_of(op->y, row);
    Floats squares = splat(0);
    for (uint32_t c = 0; c < whole; c += LANES) squares = multiply_add(squares, load(x + c), load(x + c));
    Floats last = load_some(x + whole, rest);
    squares = multiply_add(squares, last, last);

    Floats scale = splat(1 / __builtin_sqrtf(sum_of(squares) / (float)columns + op->epsilon));
    for (uint32_t c = 0; c < whole; c += LANES) store(y + c, load(x + c) * scale * load(op->weight + c));
    store_some(y + whole, last * scale * load_some(op->weight + whole, rest), rest);
  }
}
