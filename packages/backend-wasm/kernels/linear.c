// A matrix product with what usually follows it.
//
//   y[r, o] = activation(sum over i of weight[o, i] · x[r, i] + bias[o]) + residual[r, o]
//
// Rows of x are taken ROWS_AT_ONCE at a time, so that what is prepared of them, and the sums, stay in the cache
// while the whole weight passes by. Where it is worth waking them, all threads prepare rows, and then each
// multiplies by some rows of the weight.
#include "activation.h"
#include "shards.h"
#include "tile.h"

// Outputs are divided by eight: tiles have as many rows.
#define OUTPUTS_TOGETHER 8

typedef struct {
  Extent rows;
  Matrix x;
  Held weight;        // [outputs, inputs]
  const float *bias;  // or null
  Count activation;
  Matrix residual;    // of null where there is none
  Matrix y;
  Count parts;            // into which work is divided where others are worth telling of it
  Count shared_products;  // as many multiplications are
  Workspace workspace;    // a panel for each part, then prepared rows; its size is for each part
} Linear;

// Some rows of x.
typedef struct {
  const Linear *op;
  uint32_t first;
  uint32_t count;
} Slice;

// So many numbers are packed by one thread before others would have been told.
#define PACKED_ALONE 32768

// Threads with memories of their own pack rows themselves.
INLINE bool packs(const Slice *s) { return !is_sharded(s->op->weight.data) && is_packed(&s->op->weight, s->count); }

// A few rows of numbers are multiplied where they stand, unless others need them.
INLINE bool is_prepared(const Slice *s) {
  return is_block_format(s->op->weight.format) || is_sharded(s->op->weight.data) || packs(s);
}

INLINE char *panel_of(const Linear *op, uint32_t part) { return op->workspace.data + part * panel_bytes(&op->weight); }

INLINE Rows given_rows(const Slice *s) {
  return (Rows){row_of(s->op->x, s->first), s->count, 4 * s->op->x.stride};
}

INLINE Rows rows_of(const Slice *s) {
  const Linear *op = s->op;
  if (!is_prepared(s)) return given_rows(s);
  return (Rows){panel_of(op, op->parts), s->count, prepared_bytes(&op->weight)};
}

static void prepare_part(const void *arguments, uint32_t part, uint32_t parts) {
  const Slice *s = arguments;
  char *to = panel_of(s->op, s->op->parts);
  if (packs(s)) return pack_rows(&s->op->weight, given_rows(s), part, parts, to);
  Share rows = share_of(s->count, part, parts);
  uint32_t bytes = prepared_bytes(&s->op->weight);
  for (uint32_t r = rows.first; r < rows.end; r++) prepare(&s->op->weight, row_of(s->op->x, s->first + r), to + r * bytes);
}

static void finish_row(const Linear *op, uint32_t row, uint32_t first, uint32_t end) {
  float *y = row_of(op->y, row);
  const float *residual = op->residual.data ? row_of(op->residual, row) : 0;
  for (uint32_t o = first; o < end; o += LANES) {
    uint32_t count = end - o;
    Floats sum = load_upto(y + o, count);
    if (op->bias) sum += load_upto(op->bias + o, count);
    sum = activate(op->activation, sum);
    if (residual) sum += load_upto(residual + o, count);
    store_upto(y + o, sum, count);
  }
}

static void finish(const Slice *s, uint32_t first, uint32_t end) {
  const Linear *op = s->op;
  if (!op->bias && op->activation == IDENTITY && !op->residual.data) return;
  for (uint32_t r = 0; r < s->count; r++) finish_row(op, s->first + r, first, end);
}

static void multiply_part(const void *arguments, uint32_t part, uint32_t parts) {
  const Slice *s = arguments;
  const Linear *op = s->op;
  uint32_t outputs = op->weight.rows;
  Share share = share_of((outputs + OUTPUTS_TOGETHER - 1) / OUTPUTS_TOGETHER, part, parts);
  uint32_t first = share.first * OUTPUTS_TOGETHER, end = min_u32(share.end * OUTPUTS_TOGETHER, outputs);
  if (first >= end) return;
  Held rows = rows_from(&op->weight, first, end - first);
  multiply_rows(&rows, rows_of(s), row_of(op->y, s->first) + first, op->y.stride, panel_of(op, part));
  finish(s, first, end);
}

static void multiply_slice(const Slice *s) {
  const Linear *op = s->op;
  bool is_shared = op->parts > 1 && (uint64_t)s->count * op->weight.rows * op->weight.columns >= op->shared_products;
  if (is_prepared(s)) {
    bool is_alone = packs(s) ? s->count * op->x.columns <= PACKED_ALONE : s->count == 1;
    if (is_shared && !is_alone) run_parts(prepare_part, s);
    else prepare_part(s, 0, 1);
  }
  if (is_sharded(op->weight.data)) {
    Rows x = rows_of(s);
    multiply_shards(op->weight.data, x.data, x.rows * x.stride_bytes, x.rows, row_of(op->y, s->first), op->y.stride);
    finish(s, 0, op->weight.rows);
  } else if (is_shared) {
    run_parts(multiply_part, s);
  } else {
    multiply_part(s, 0, 1);
  }
}

KERNEL void linear(const Linear *op, uint32_t part, uint32_t parts) {
  (void)parts;
  if (part > 0) return;
  uint32_t room = op->workspace.data + op->parts * op->workspace.bytes - panel_of(op, op->parts);
  uint32_t rows_at_once = min_u32(ROWS_AT_ONCE, room / prepared_bytes(&op->weight));
  for (uint32_t first = 0; first < *op->rows; first += rows_at_once) {
    Slice slice = {op, first, min_u32(rows_at_once, *op->rows - first)};
    multiply_slice(&slice);
  }
}
