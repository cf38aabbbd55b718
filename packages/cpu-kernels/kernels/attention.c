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

// A query that a page is taken to, and what becomes of it.
typedef struct {
  const float *query;
  float *output;
  Running *running;
} Query;

// So many queries are taken to a page at once: each key and value is then loaded once for all of them.
#define MOST_QUERIES 2

// weights[q, p] = scale · query[q] · keys[p] for whole groups of four positions, of which those from
// `count` on mean nothing.
INLINE void score(uint32_t queries, const Query *q, const float *keys, uint32_t count, uint32_t dim, float scale,
                  float (*weights)[PAGE_SIZE]) {
  for (uint32_t p = 0; p < count; p += 4) {
    Floats sums[MOST_QUERIES][4] = {{{0}}};
    uint32_t i = 0;
    for (; i + LANES <= dim; i += LANES) {
      Floats key[4];
      for (uint32_t k = 0; k < 4; k++) key[k] = load(keys + (p + k) * dim + i);
      for (uint32_t n = 0; n < queries; n++) {
        Floats query = load(q[n].query + i);
        for (uint32_t k = 0; k < 4; k++) sums[n][k] = multiply_add(sums[n][k], query, key[k]);
      }
    }
    for (uint32_t n = 0; n < queries && i < dim; n++) {
      Floats query = load_some(q[n].query + i, dim - i);
      for (uint32_t k = 0; k < 4; k++) {
        sums[n][k] = multiply_add(sums[n][k], query, load_some(keys + (p + k) * dim + i, dim - i));
      }
    }
    for (uint32_t n = 0; n < queries; n++) {
      store_four(weights[n] + p, scale * sums_of_four(sums[n][0], sums[n][1], sums[n][2], sums[n][3]));
    }
  }
}

// output[q] = correction[q] · output[q] + sum over p of weights[q, p] · values[p]
INLINE void weigh(uint32_t queries, const Query *q, const float *values, uint32_t count, uint32_t dim,
                  const float *correction, float (*weights)[PAGE_SIZE]) {
  uint32_t i = 0;
  for (; i + 4 * LANES <= dim; i += 4 * LANES) {
    Floats sums[MOST_QUERIES][4];
    for (uint32_t n = 0; n < queries; n++) {
      for (uint32_t k = 0; k < 4; k++) sums[n][k] = correction[n] * load(q[n].output + i + k * LANES);
    }
    for (uint32_t p = 0; p < count; p++) {
      Floats value[4];
      for (uint32_t k = 0; k < 4; k++) value[k] = load(values + p * dim + i + k * LANES);
      for (uint32_t n = 0; n < queries; n++) {
        Floats weight = splat(weights[n][p]);
        for (uint32_t k = 0; k < 4; k++) sums[n][k] = multiply_add(sums[n][k], weight, value[k]);
      }
    }
    for (uint32_t n = 0; n < queries; n++) {
      for (uint32_t k = 0; k < 4; k++) store(q[n].output + i + k * LANES, sums[n][k]);
    }
  }
  for (; i < dim; i += LANES) {
    for (uint32_t n = 0; n < queries; n++) {
      Floats sum = correction[n] * load_upto(q[n].output + i, dim - i);
      for (uint32_t p = 0; p < count; p++) {
        sum = multiply_add(sum, splat(weights[n][p]), load_upto(values + p * dim + i, dim - i));
      }
      store_upto(q[n].output + i, sum, dim - i);
    }
  }
}

// Takes queries over the first `count` positions of a page.
INLINE void attend_page(uint32_t queries, const Query *q, const float *keys, const float *values, uint32_t count,
                        uint32_t dim, float scale) {
  float weights[MOST_QUERIES][PAGE_SIZE], correction[MOST_QUERIES];
  score(queries, q, keys, count, dim, scale, weights);
  for (uint32_t n = 0; n < queries; n++) {
    Running *running = q[n].running;
    float largest = running->largest, sum = 0;
    for (uint32_t p = 0; p < count; p++) {
      if (weights[n][p] > largest) largest = weights[n][p];
    }
    for (uint32_t p = count; p < PAGE_SIZE; p++) weights[n][p] = largest;
    for (uint32_t p = 0; p < count; p += LANES) {
      store(weights[n] + p, exp_of(load(weights[n] + p) - largest));
    }
    for (uint32_t p = 0; p < count; p++) sum += weights[n][p];
    correction[n] = exp_of(splat(running->largest - largest))[0];
    running->sum = running->sum * correction[n] + sum;
    running->largest = largest;
  }
  weigh(queries, q, values, count, dim, correction, weights);
}

NOINLINE void attend_one(const Query *q, const float *keys, const float *values, uint32_t count, uint32_t dim,
                         float scale) {
  attend_page(1, q, keys, values, count, dim, scale);
}

NOINLINE void attend_two(const Query *q, const float *keys, const float *values, uint32_t count, uint32_t dim,
                         float scale) {
  attend_page(2, q, keys, values, count, dim, scale);
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

// Asks for one head's part of a page before it is needed: it lies in short pieces far apart, in which no
// processor sees a pattern by itself.
static void prefetch_page(const Attention *op, Stored state, uint64_t place, uint32_t head, uint32_t count) {
  uint64_t bytes = (uint64_t)op->head_dim * bytes_of(state.format);
  for (uint32_t p = 0; p < count; p++) {
    const char *from = (const char *)state.data + ((place + p) * op->key_value_heads + head) * bytes;
    for (uint64_t i = 0; i < bytes; i += 64) __builtin_prefetch(from + i);
  }
}

// How many positions of a page from `start` on a row sees.
INLINE uint32_t seen_of(int32_t position, int32_t start) {
  return position < start ? 0 : min_u32(PAGE_SIZE, position + 1 - start);
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
    if (start + PAGE_SIZE <= last) {
      uint64_t next = place_of(op->places, op->places.slot[first], start + PAGE_SIZE);
      uint32_t in_next = min_u32(PAGE_SIZE, last + 1 - start - PAGE_SIZE);
      prefetch_page(op, op->keys, next, head, in_next);
      prefetch_page(op, op->values, next, head, in_next);
    }
    Query waiting[MOST_QUERIES];
    uint32_t count = 0, waits = 0;
    for (uint32_t row = first; row < end; row++) {
      uint32_t seen = seen_of(position[row], start);
      for (uint32_t h = 0; h < shared && seen > 0; h++) {
        if (waits > 0 && seen != count) {
          attend_one(waiting, keys, values, count, dim, op->scale);
          waits = 0;
        }
        uint32_t column = (head * shared + h) * dim;
        count = seen;
        waiting[waits++] = (Query){row_of(op->query, row) + column, row_of(op->output, row) + column,
                                   running + (row - first) * shared + h};
        if (waits < MOST_QUERIES) continue;
        attend_two(waiting, keys, values, count, dim, op->scale);
        waits = 0;
      }
    }
    if (waits > 0) attend_one(waiting, keys, values, count, dim, op->scale);
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
