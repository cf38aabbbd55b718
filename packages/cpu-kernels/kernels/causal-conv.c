// Depthwise causal convolution along the rows of each segment.
//
//   y[t, c] = activation(bias[c] + sum over j of weight[c, j] · x[t − (K−1) + j, c])
//
// The window state holds the K−1 inputs before the segment as [slots, channels, K−1], oldest first. The weight stands
// here tap after tap, [K, channels].
//
// As many channels as a vector has lanes go through a segment together, from its first row to its last, turned so that a
// channel is a lane: past inputs stay in registers where a kernel has four taps, and else in a workspace. Segment after
// segment is read from its first channel to its last.
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
  Workspace workspace;  // [K − 1, LANES]
} CausalConv;

INLINE Floats4 load_four(const float *p) {
  Floats4 x;
  __builtin_memcpy(&x, p, sizeof x);
  return x;
}

// Copies [LANES channels, columns] to [columns, LANES], or back; lanes past `channels` stay as they are.
static void turn_in(const float *from, float *lanes, uint32_t channels, uint32_t columns) {
  for (uint32_t c = 0; c < channels; c++)
    for (uint32_t j = 0; j < columns; j++) lanes[LANES * j + c] = from[c * columns + j];
}

static void turn_out(const float *lanes, float *to, uint32_t channels, uint32_t columns) {
  for (uint32_t c = 0; c < channels; c++)
    for (uint32_t j = 0; j < columns; j++) to[c * columns + j] = lanes[LANES * j + c];
}

INLINE void convolve(const CausalConv *op, const Segment *s, uint32_t first, float *past) {
  uint32_t all = op->x.columns, channels = min_u32(LANES, all - first), past_rows = op->kernel_size - 1;
  uint64_t slot_size = (uint64_t)all * past_rows;
  float *window = op->window + (uint64_t)first * past_rows;
  const float *taps = op->weight + first;
  Floats bias = op->bias ? load_upto(op->bias + first, channels) : splat(0);
  turn_in(window + s->read_slot * slot_size, past, channels, past_rows);

  for (int32_t row = s->start_row; row < s->start_row + s->row_count; row++) {
    Floats input = load_upto(row_of(op->x, row) + first, channels), sum = bias;
    for (uint32_t j = 0; j < past_rows; j++) {
      Floats before = load(past + LANES * j);
      sum = multiply_add(sum, load_upto(taps + (uint64_t)j * all, channels), before);
      if (j > 0) store(past + LANES * (j - 1), before);
    }
    sum = multiply_add(sum, load_upto(taps + (uint64_t)past_rows * all, channels), input);
    if (past_rows > 0) store(past + LANES * (past_rows - 1), input);
    store_upto(row_of(op->y, row) + first, activate(op->activation, sum), channels);
    if (row == s->mark_row) turn_out(past, window + s->mark_slot * slot_size, channels, past_rows);
  }
  turn_out(past, window + s->write_slot * slot_size, channels, past_rows);
}

// Four channels of three inputs, a channel after the other, to an input after the other; and back.
INLINE void turn_threes_in(const float *from, Floats4 to[3]) {
  Floats4 a = load_four(from), b = load_four(from + 4), c = load_four(from + 8);
  Floats4 upper = LANES_OF(b, c, 2, 3, 1, 2), lower = LANES_OF(a, b, 1, 2, 0, 1);
  to[0] = LANES_OF(a, upper, 0, 3, 0, 2);
  to[1] = LANES_OF(lower, upper, 0, 2, 1, 3);
  to[2] = LANES_OF(lower, c, 1, 3, 0, 3);
}

INLINE void turn_threes_out(Floats4 x, Floats4 y, Floats4 z, float *to) {
  Floats4 even = LANES_OF(x, y, 0, 2, 0, 2), odd = LANES_OF(y, z, 1, 3, 1, 3), both = LANES_OF(z, x, 0, 2, 1, 3);
  store_four(to, LANES_OF(even, both, 0, 2, 0, 2));
  store_four(to + 4, LANES_OF(odd, even, 0, 2, 1, 3));
  store_four(to + 8, LANES_OF(both, odd, 1, 3, 1, 3));
}

#define PARTS (LANES / 4)

// LANES channels of a window's three inputs.
INLINE void load_window(const float *window, Floats past[3]) {
  Floats4 parts[3][PARTS];
#pragma GCC unroll 4
  for (uint32_t p = 0; p < PARTS; p++) {
    Floats4 three[3];
    turn_threes_in(window + 12 * p, three);
    for (uint32_t j = 0; j < 3; j++) parts[j][p] = three[j];
  }
  for (uint32_t j = 0; j < 3; j++) past[j] = join(parts[j]);
}

INLINE void store_window(const Floats past[3], float *window) {
  Floats4 parts[3][PARTS];
  for (uint32_t j = 0; j < 3; j++) part(past[j], parts[j]);
#pragma GCC unroll 4
  for (uint32_t p = 0; p < PARTS; p++) turn_threes_out(parts[0][p], parts[1][p], parts[2][p], window + 12 * p);
}

// As `convolve`, of LANES channels and a kernel of four.
INLINE void convolve_fours(const CausalConv *op, const Segment *s, uint32_t first) {
  uint64_t all = op->x.columns, slot_size = 3 * all;
  float *window = op->window + 3 * (uint64_t)first;
  Floats past[3], taps[4], bias = op->bias ? load(op->bias + first) : splat(0);
  for (uint32_t j = 0; j < 4; j++) taps[j] = load(op->weight + j * all + first);
  load_window(window + s->read_slot * slot_size, past);
  for (int32_t row = s->start_row; row < s->start_row + s->row_count; row++) {
    Floats input = load(row_of(op->x, row) + first), sum = bias;
    for (uint32_t j = 0; j < 3; j++) sum = multiply_add(sum, taps[j], past[j]);
    sum = multiply_add(sum, taps[3], input);
    past[0] = past[1];
    past[1] = past[2];
    past[2] = input;
    store(row_of(op->y, row) + first, activate(op->activation, sum));
    if (row == s->mark_row) store_window(past, window + s->mark_slot * slot_size);
  }
  store_window(past, window + s->write_slot * slot_size);
}

KERNEL void causalConv(const CausalConv *op, uint32_t part, uint32_t parts) {
  uint32_t all = op->x.columns, whole = op->kernel_size == 4 ? all / LANES : 0;
  Share blocks = share_of((all + LANES - 1) / LANES, part, parts);
  uint32_t fours_end = min_u32(whole, blocks.end);
  for (uint32_t index = 0; index < *op->segments; index++) {
    const Segment *s = op->segment + index;
    if (is_padding(s)) continue;
    uint32_t block = blocks.first;
    for (; block < fours_end; block++) convolve_fours(op, s, block * LANES);
    for (; block < blocks.end; block++) convolve(op, s, block * LANES, workspace_of(op->workspace, part));
  }
}
