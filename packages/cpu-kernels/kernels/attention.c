// Attention of each query row over the pages of its own sequence, without positional encoding.
//
//   score[p] = scale · query[r, h] · keys[p, k]            p ≤ position[r]
//   output[r, h] = sum over p of softmax(score)[p] · values[p, k]
//
//   h  query head        k = floor(h / (heads / keyValueHeads))
//
// Page by page with a running softmax: the weights are taken relative to the largest score so far, and
// what was summed before shrinks whenever a larger one comes. A page is widened to f32 once for all the
// queries that read it, those of one sequence's consecutive rows and of the heads that share its keys.
// Pages begin at fixed positions, so a row's result does not depend on the rows beside it.
//
// Rows of slot −1 are padding and give zeros.
//
// Vaswani et al. 2017, arXiv:1706.03762, eq. 1; Milakov & Gimelshein 2018, arXiv:1805.02867, for the
// running softmax; Ainslie et al. 2023, arXiv:2305.13245, for the shared heads.
#include "exponential.h"
#include "page.h"
#include "stored.h"

typedef struct {
  Extent rows;
  Matrix query;
  Count heads;
  Count key_value_heads;
  Count head_dim;
  Number scale;
  Places places;
  Stored keys;
  Stored values;
  Matrix output;
  // Keys and values of a page, [PAGE_SIZE, headDim] each; then a Running for each row and shared head.
  Workspace workspace;
} Attention;

// What a query has seen so far; the weighted sum itself stands in the output.
typedef struct {
  float largest;
  float sum;
} Running;

INLINE float product_of(const float *query, const float *key, uint32_t dim) {
  Floats a = splat(0), b = a;
  uint32_t i = 0;
  for (; i + 2 * LANES <= dim; i += 2 * LANES) {
    a = multiply_add(a, load(query + i), load(key + i));
    b = multiply_add(b, load(query + i + LANES), load(key + i + LANES));
  }
  for (; i < dim; i += LANES) a = multiply_add(a, load_upto(query + i, dim - i), load_upto(key + i, dim - i));
  return sum_of(a + b);
}

// output = correction · output + sum over p of weights[p] · values[p]
static void weigh(const float *weights, uint32_t count, const float *values, uint32_t dim, float correction,
                  float *output) {
  uint32_t i = 0;
  for (; i + 4 * LANES <= dim; i += 4 * LANES) {
    Floats sums[4];
    for (uint32_t k = 0; k < 4; k++) sums[k] = correction * load(output + i + k * LANES);
    for (uint32_t p = 0; p < count; p++) {
      Floats weight = splat(weights[p]);
      const float *v = values + p * dim + i;
      for (uint32_t k = 0; k < 4; k++) sums[k] = multiply_add(sums[k], weight, load(v + k * LANES));
    }
    for (uint32_t k = 0; k < 4; k++) store(output + i + k * LANES, sums[k]);
  }
  for (; i < dim; i += LANES) {
    uint32_t rest = dim - i;
    Floats sum = correction * load_upto(output + i, rest);
    for (uint32_t p = 0; p < count; p++) {
      sum = multiply_add(sum, splat(weights[p]), load_upto(values + p * dim + i, rest));
    }
    store_upto(output + i, sum, rest);
  }
}

// Takes a query over the first `count` positions of a page.
static void attend_page(const Attention *op, const float *query, const float *keys, const float *values,
                        uint32_t count, Running *running, float *output) {
  float weights[PAGE_SIZE];
  float largest = running->largest, sum = 0;
  for (uint32_t p = 0; p < count; p++) {
    weights[p] = op->scale * product_of(query, keys + p * op->head_dim, op->head_dim);
    if (weights[p] > largest) largest = weights[p];
  }
  for (uint32_t p = count; p < PAGE_SIZE; p++) weights[p] = largest;
  for (uint32_t p = 0; p < count; p += LANES) store(weights + p, exp_of(load(weights + p) - largest));
  for (uint32_t p = 0; p < count; p++) sum += weights[p];

  float correction = exp_of(splat(running->largest - largest))[0];
  weigh(weights, count, values, op->head_dim, correction, output);
  running->sum = running->sum * correction + sum;
  running->largest = largest;
}

// One head's part of a page as f32, [count, headDim].
static void widen_page(const Attention *op, Stored state, uint64_t place, uint32_t head, uint32_t count,
                       float *page) {
  uint64_t bytes = (uint64_t)op->head_dim * bytes_of(state.format);
  for (uint32_t p = 0; p < count; p++) {
    const char *from = (const char *)state.data + ((place + p) * op->key_value_heads + head) * bytes;
    widen(from, page + p * op->head_dim, op->head_dim, state.format);
  }
}

// Rows `first` to `end` − 1, all of one slot, over the keys and values of one head.
static void attend(const Attention *op, uint32_t first, uint32_t end, uint32_t head, float *workspace) {
  uint32_t shared = op->heads / op->key_value_heads, dim = op->head_dim;
  const int32_t *position = op->places.position;
  float *keys = workspace, *values = keys + PAGE_SIZE * dim;
  Running *running = (Running *)(values + PAGE_SIZE * dim);
  int32_t last = 0;
  for (uint32_t row = first; row < end; row++) {
    if (position[row] > last) last = position[row];
    for (uint32_t h = 0; h < shared; h++) running[(row - first) * shared + h] = (Running){-__builtin_inff(), 0};
    __builtin_memset(row_of(op->output, row) + head * shared * dim, 0, shared * dim * 4);
  }
  for (int32_t start = 0; start <= last; start += PAGE_SIZE) {
    uint64_t place = place_of(op->places, op->places.slot[first], start);
    uint32_t in_page = min_u32(PAGE_SIZE, last + 1 - start);
    widen_page(op, op->keys, place, head, in_page, keys);
    widen_page(op, op->values, place, head, in_page, values);
    for (uint32_t row = first; row < end; row++) {
      if (position[row] < start) continue;
      uint32_t count = min_u32(in_page, position[row] + 1 - start);
      for (uint32_t h = 0; h < shared; h++) {
        uint32_t column = (head * shared + h) * dim;
        attend_page(op, row_of(op->query, row) + column, keys, values, count,
                    running + (row - first) * shared + h, row_of(op->output, row) + column);
      }
    }
  }
  for (uint32_t row = first; row < end; row++) {
    for (uint32_t i = 0; i < shared * dim; i++) {
      row_of(op->output, row)[head * shared * dim + i] /= running[(row - first) * shared + i / dim].sum;
    }
  }
}

KERNEL void attention(const Attention *op, uint32_t part, uint32_t parts) {
  uint32_t rows = *op->rows;
  const int32_t *slot = op->places.slot;
  Share heads = share_of(op->key_value_heads, part, parts);
  uint32_t columns = op->output.columns / op->key_value_heads;
  for (uint32_t first = 0, end; first < rows; first = end) {
    for (end = first + 1; end < rows && slot[end] == slot[first];) end++;
    for (uint32_t head = heads.first; head < heads.end; head++) {
      if (slot[first] != -1) {
        attend(op, first, end, head, workspace_of(op->workspace, part));
        continue;
      }
      for (uint32_t row = first; row < end; row++) {
        __builtin_memset(row_of(op->output, row) + head * columns, 0, columns * sizeof(float));
      }
    }
  }
}
