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
  Count groups;
  Number epsilon;
  Matrix y;
} GatedGroupNorm;

static void norm_group(const float *x, const float *gate, const float *weight, float *y, uint32_t channels,
                       float epsilon) {
  uint32_t rest = channels % LANES, whole = channels - rest;
  Floats squares = splat(0);
  for (uint32_t c = 0; c < whole; c += LANES) {
    Floats v = load(x + c) * silu(load(gate + c));
    store(y + c, v);
    squares = multiply_add(squares, v, v);
  }
  Floats last = load_some(x + whole, rest) * silu(load_some(gate + whole, rest));
  squares = multiply_add(squares, last, last);

  Floats scale = splat(1 / __builtin_sqrtf(sum_of(squares) / (float)channels + epsilon));
  for (uint32_t c = 0; c < whole; c += LANES) store(y + c, load(y + c) * scale * load(weight + c));
  store_some(y + whole, last * scale * load_some(weight + whole, rest), rest);
}

KERNEL void gatedGroupNorm(const GatedGroupNorm *op, uint32_t part, uint32_t parts) {
  uint32_t groups = op->groups, channels = op->x.columns / groups;
  Share share = share_of(*op->rows * groups, part, parts);
  for (uint32_t index = share.first; index < share.end; index++) {
    uint32_t row = index / groups, first = index % groups * channels;
    norm_group(row_of(op->x, row) + first, row_of(op->gate, row) + first, op->weight + first,
               row_of(op->y, row) + first, channels, op->epsilon);
  }
}
