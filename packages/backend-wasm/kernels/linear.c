// A matrix product with what usually follows it.
//
//   y[r, o] = activation(sum over i of weight[o, i] · x[r, i] + bias[o]) + residual[r, o]
//
// Rows of x are taken some at a time, so that what is prepared of them, and the sums, stay in the cache
// while the whole weight passes by.
#include "activation.h"
#include "shards.h"

#define ROWS_AT_ONCE 64

typedef struct {
  Extent rows;
  Matrix x;
  Held weight;        // [outputs, inputs]
  const float *bias;  // or null
  Count activation;
  Matrix residual;    // of null where there is none
  Matrix y;
  Workspace workspace;  // of prepared rows, after a panel
} Linear;

static void finish_row(const Linear *op, uint32_t row) {
  float *y = row_of(op->y, row);
  const float *residual = op->residual.data ? row_of(op->residual, row) : 0;
  for (uint32_t o = 0; o < op->y.columns; o += LANES) {
    uint32_t count = op->y.columns - o;
    Floats sum = load_upto(y + o, count);
    if (op->bias) sum += load_upto(op->bias + o, count);
    sum = activate(op->activation, sum);
    if (residual) sum += load_upto(residual + o, count);
    store_upto(y + o, sum, count);
  }
}

static void multiply_prepared(const Linear *op, uint32_t first, uint32_t count) {
  uint32_t bytes = prepared_bytes(&op->weight);
  char *panel = op->workspace.data, *x = panel + panel_bytes(&op->weight);
  float *y = row_of(op->y, first);
  for (uint32_t r = 0; r < count; r++) prepare(&op->weight, row_of(op->x, first + r), x + r * bytes);
  if (is_sharded(op->weight.data)) multiply_shards(op->weight.data, x, count * bytes, count, y, op->y.stride);
  else multiply(&op->weight, x, count, y, op->y.stride, panel);
}

KERNEL void linear(const Linear *op, uint32_t part, uint32_t parts) {
  (void)parts;
  if (part > 0) return;
  uint32_t room = (op->workspace.bytes - panel_bytes(&op->weight)) / prepared_bytes(&op->weight);
  uint32_t rows_at_once = min_u32(ROWS_AT_ONCE, room);
  bool is_finished = !op->bias && op->activation == IDENTITY && !op->residual.data;
  for (uint32_t first = 0; first < *op->rows; first += rows_at_once) {
    uint32_t count = min_u32(rows_at_once, *op->rows - first);
    multiply_prepared(op, first, count);
    for (uint32_t r = 0; r < count && !is_finished; r++) finish_row(op, first + r);
  }
}
