// Mamba-2's output norm: the gate first, then a root-mean-square norm of each group of channels.
//
//   v[r, c] = x[r, c] · silu(gate[r, c])
//   y[r, c] = v[r, c] / sqrt(mean over c's group of v² + epsilon) · weight[c]
//
// v is kept in y between the two passes.
//
// `RMSNormGated` with `norm_before_gate=False` in state-spaces/mamba.
#include "activation.h"

typedef struct {
  Extent rows;
  Matrix x;
  Matrix gate;
  const float *weight;
  uint32_t groups;
  float epsilon;
  Matrix y;
} GatedGroupNorm;

static void norm_group(const float *x, const float *gate, const float *weight, float *y, uint32_t channels,
                       float epsilon) {
  uint32_t whole = channels & ~3u, rest = channels - whole;
  float4 squares = splat(0);
  for (uint32_t c = 0; c < whole; c += 4) {
    float4 v = mul(load4(x + c), silu(load4(gate + c)));
    store4(y + c, v);
    squares = add(squares, mul(v, v));
  }
  float4 last = mul(load_some(x + whole, rest), silu(load_some(gate + whole, rest)));
  squares = add(squares, mul(last, last));

  float4 scale = splat(1 / __builtin_sqrtf(sum_of(squares) / (float)channels + epsilon));
  for (uint32_t c = 0; c < whole; c += 4) store4(y + c, mul(mul(load4(y + c), scale), load4(weight + c)));
  store_some(y + whole, mul(mul(last, scale), load_some(weight + whole, rest)), rest);
}

KERNEL void gatedGroupNorm(const GatedGroupNorm *op) {
  uint32_t channels = op->x.columns / op->groups;
  for (uint32_t row = 0; row < *op->rows; row++) {
    for (uint32_t first = 0; first < op->x.columns; first += channels) {
      norm_group(row_of(op->x, row) + first, row_of(op->gate, row) + first, op->weight + first,
                 row_of(op->y, row) + first, channels, op->epsilon);
    }
  }
}
