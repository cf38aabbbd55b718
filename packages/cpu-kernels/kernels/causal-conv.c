// Depthwise causal convolution along the rows of each segment.
//
//   y[t, c] = activation(bias[c] + sum over j of weight[c, j] · x[t − (K−1) + j, c])
//
// The window state holds the K−1 inputs before the segment as [slots, channels, K−1], oldest first.
//
// As many channels as a vector has lanes go through a segment together, from its first row to its last: their taps and their
// past inputs, turned so that a channel is a lane, stay in a workspace of
// 2K − 1 vectors.
//
// Gu & Dao 2023, arXiv:2312.00752, section 3.4.
#include "activation.h"
#include "segment.h"

typedef struct {
  Extent segments;
  const Segment *segment;
  Matrix x;
  const float *weight;
  const float *bias;  // or null
  Count kernel_size;
  Count activation;
  float *window;
  Matrix y;
  Workspace workspace;  // [2K − 1, LANES]
} CausalConv;

// Copies [LANES channels, columns] to [columns, LANES], or back; lanes past `channels` stay as they are.
static void turn_in(const float *from, float *lanes, uint32_t channels, uint32_t columns) {
  for (uint32_t c = 0; c < channels; c++)
    for (uint32_t j = 0; j < columns; j++) lanes[LANES * j + c] = from[c * columns + j];
}

static void turn_out(const float *lanes, float *to, uint32_t channels, uint32_t columns) {
  for (uint32_t c = 0; c < channels; c++)
    for (uint32_t j = 0; j < columns; j++) to[c * columns + j] = lanes[LANES * j + c];
}

static void convolve(const CausalConv *op, const Segment *s, uint32_t first, uint32_t channels, float *past) {
  uint32_t past_rows = op->kernel_size - 1;
  uint64_t slot_size = (uint64_t)op->x.columns * past_rows;
  float *window = op->window + first * past_rows, *taps = past + LANES * past_rows;
  turn_in(window + s->read_slot * slot_size, past, channels, past_rows);
  turn_in(op->weight + first * op->kernel_size, taps, channels, op->kernel_size);
  Floats bias = op->bias ? load_upto(op->bias + first, channels) : splat(0);

  for (int32_t row = s->start_row; row < s->start_row + s->row_count; row++) {
    const float *x = row_of(op->x, row) + first;
    float *y = row_of(op->y, row) + first;
    Floats input = load_upto(x, channels), sum = bias;
    for (uint32_t j = 0; j < past_rows; j++) {
      Floats before = load(past + LANES * j);
      sum = multiply_add(sum, load(taps + LANES * j), before);
      if (j > 0) store(past + LANES * (j - 1), before);
    }
    sum = activate(op->activation, multiply_add(sum, load(taps + LANES * past_rows), input));
    if (past_rows > 0) store(past + LANES * (past_rows - 1), input);
    store_upto(y, sum, channels);
    if (row == s->mark_row) turn_out(past, window + s->mark_slot * slot_size, channels, past_rows);
  }
  turn_out(past, window + s->write_slot * slot_size, channels, past_rows);
}

KERNEL void causalConv(const CausalConv *op, uint32_t part, uint32_t parts) {
  uint32_t channels = op->x.columns;
  Share blocks = share_of((channels + LANES - 1) / LANES, part, parts);
  float *past = workspace_of(op->workspace, part);
  for (uint32_t index = 0; index < *op->segments; index++) {
    const Segment *s = op->segment + index;
    if (is_padding(s)) continue;
    for (uint32_t block = blocks.first; block < blocks.end; block++) {
      convolve(op, s, block * LANES, min_u32(LANES, channels - block * LANES), past);
    }
  }
}
