// Depthwise causal convolution along the rows of each segment.
//
//   y[t, c] = activation(bias[c] + sum over j of weight[c, j] · x[t − (K−1) + j, c])
//
// The window state holds the K−1 inputs before the segment as [slots, channels, K−1], oldest first.
//
// As many channels as a vector has lanes go through a segment together, from its first row to its last: their taps and
// their past inputs, turned so that a channel is a lane, stay in a workspace of 2K − 1 vectors. The taps stay there for
// all segments.
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

INLINE Floats4 load_four(const float *p) {
  Floats4 x;
  __builtin_memcpy(&x, p, sizeof x);
  return x;
}

// Four channels of three columns, a channel after the other, to a column after the other; and back.
static void turn_threes_in(const float *from, float *lanes) {
  Floats4 a = load_four(from), b = load_four(from + 4), c = load_four(from + 8);
  Floats4 upper = LANES_OF(b, c, 2, 3, 1, 2), lower = LANES_OF(a, b, 1, 2, 0, 1);
  store_four(lanes, LANES_OF(a, upper, 0, 3, 0, 2));
  store_four(lanes + LANES, LANES_OF(lower, upper, 0, 2, 1, 3));
  store_four(lanes + 2 * LANES, LANES_OF(lower, c, 1, 3, 0, 3));
}

static void turn_threes_out(const float *lanes, float *to) {
  Floats4 x = load_four(lanes), y = load_four(lanes + LANES), z = load_four(lanes + 2 * LANES);
  Floats4 even = LANES_OF(x, y, 0, 2, 0, 2), odd = LANES_OF(y, z, 1, 3, 1, 3), both = LANES_OF(z, x, 0, 2, 1, 3);
  store_four(to, LANES_OF(even, both, 0, 2, 0, 2));
  store_four(to + 4, LANES_OF(odd, even, 0, 2, 1, 3));
  store_four(to + 8, LANES_OF(both, odd, 1, 3, 1, 3));
}

// Copies [LANES channels, columns] to [columns, LANES], or back; lanes past `channels` stay as they are. Three columns
// are what a kernel of four looks back, in every step.
static void turn_in(const float *from, float *lanes, uint32_t channels, uint32_t columns) {
  uint32_t c = 0;
  for (; columns == 3 && c + 4 <= channels; c += 4) turn_threes_in(from + 3 * c, lanes + c);
  for (; c < channels; c++)
    for (uint32_t j = 0; j < columns; j++) lanes[LANES * j + c] = from[c * columns + j];
}

static void turn_out(const float *lanes, float *to, uint32_t channels, uint32_t columns) {
  uint32_t c = 0;
  for (; columns == 3 && c + 4 <= channels; c += 4) turn_threes_out(lanes + c, to + 3 * c);
  for (; c < channels; c++)
    for (uint32_t j = 0; j < columns; j++) to[c * columns + j] = lanes[LANES * j + c];
}

// `past` has the taps behind its K − 1 inputs.
static void convolve(const CausalConv *op, const Segment *s, uint32_t first, uint32_t channels, Floats bias, float *past) {
  uint32_t past_rows = op->kernel_size - 1;
  uint64_t slot_size = (uint64_t)op->x.columns * past_rows;
  float *window = op->window + first * past_rows, *taps = past + LANES * past_rows;
  turn_in(window + s->read_slot * slot_size, past, channels, past_rows);

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
  uint32_t all = op->x.columns, taps = op->kernel_size;
  Share blocks = share_of((all + LANES - 1) / LANES, part, parts);
  float *past = workspace_of(op->workspace, part);
  for (uint32_t block = blocks.first; block < blocks.end; block++) {
    uint32_t first = block * LANES, channels = min_u32(LANES, all - first);
    turn_in(op->weight + first * taps, past + LANES * (taps - 1), channels, taps);
    Floats bias = op->bias ? load_upto(op->bias + first, channels) : splat(0);
    for (uint32_t index = 0; index < *op->segments; index++) {
      const Segment *s = op->segment + index;
      if (!is_padding(s)) convolve(op, s, first, channels, bias, past);
    }
  }
}
