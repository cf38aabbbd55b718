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

typedef struct {
  Extent rows;
  Matrix query;
  uint32_t heads;
  uint32_t key_value_heads;
  uint32_t head_dim;
  float scale;
  Places places;
  Stored keys;
  Stored values;
  Matrix output;
  // Keys and values of a page, [PAGE_SIZE, headDim] each; then a Running for each row and shared head.
  float *workspace;
} Attention;

// What a query has seen so far; the weighted sum itself stands in the output.
typedef struct {
  float largest;
  float sum;
} Running;

INLINE float exp1(float x) { return wasm_f32x4_extract_lane(exp4(splat(x)), 0); }

// The products of a query with four keys that lie one after the other.
INLINE float4 four_scores(const float *query, const float *keys, uint32_t dim) {
  const float *k1 = keys + dim, *k2 = k1 + dim, *k3 = k2 + dim;
  float4 a = splat(0), b = a, c = a, d = a;
  uint32_t i = 0;
  for (; i + 4 <= dim; i += 4) {
    float4 q = load4(query + i);
    a = add(a, mul(q, load4(keys + i)));
    b = add(b, mul(q, load4(k1 + i)));
    c = add(c, mul(q, load4(k2 + i)));
    d = add(d, mul(q, load4(k3 + i)));
  }
  if (i < dim) {
    uint32_t rest = dim - i;
    float4 q = load_some(query + i, rest);
    a = add(a, mul(q, load_some(keys + i, rest)));
    b = add(b, mul(q, load_some(k1 + i, rest)));
    c = add(c, mul(q, load_some(k2 + i, rest)));
    d = add(d, mul(q, load_some(k3 + i, rest)));
  }
  return sums_of(a, b, c, d);
}

// output = correction · output + sum over p of weights[p] · values[p]
static void weigh(const float *weights, uint32_t count, const float *values, uint32_t dim, float correction,
                  float *output) {
  float4 shrink = splat(correction);
  uint32_t i = 0;
  for (; i + 16 <= dim; i += 16) {
    float4 a = mul(shrink, load4(output + i)), b = mul(shrink, load4(output + i + 4));
    float4 c = mul(shrink, load4(output + i + 8)), d = mul(shrink, load4(output + i + 12));
    const float *v = values + i;
    for (uint32_t p = 0; p < count; p++, v += dim) {
      float4 weight = splat(weights[p]);
      a = add(a, mul(weight, load4(v)));
      b = add(b, mul(weight, load4(v + 4)));
      c = add(c, mul(weight, load4(v + 8)));
      d = add(d, mul(weight, load4(v + 12)));
    }
    store4(output + i, a);
    store4(output + i + 4, b);
    store4(output + i + 8, c);
    store4(output + i + 12, d);
  }
  for (; i < dim; i += 4) {
    uint32_t rest = min_u32(4, dim - i);
    float4 a = mul(shrink, load_upto4(output + i, rest));
    for (uint32_t p = 0; p < count; p++) {
      a = add(a, mul(splat(weights[p]), load_upto4(values + p * dim + i, rest)));
    }
    store_upto4(output + i, a, rest);
  }
}

// Takes a query over the first `count` positions of a page.
static void attend_page(const Attention *op, const float *query, const float *keys, const float *values,
                        uint32_t count, Running *running, float *output) {
  float weights[PAGE_SIZE];
  float largest = running->largest, sum = 0;
  // Scores past `count` are of positions that nobody reads.
  for (uint32_t p = 0; p < count; p += 4) {
    store4(weights + p, mul(splat(op->scale), four_scores(query, keys + p * op->head_dim, op->head_dim)));
  }
  for (uint32_t p = 0; p < count; p++) if (weights[p] > largest) largest = weights[p];
  for (uint32_t p = 0; p < count; p += 4) {
    store4(weights + p, exp4(wasm_f32x4_sub(load4(weights + p), splat(largest))));
  }
  for (uint32_t p = 0; p < count; p++) sum += weights[p];

  float correction = exp1(running->largest - largest);
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
static void attend(const Attention *op, uint32_t first, uint32_t end, uint32_t head) {
  uint32_t shared = op->heads / op->key_value_heads, dim = op->head_dim;
  const int32_t *position = op->places.position;
  float *keys = op->workspace, *values = keys + PAGE_SIZE * dim;
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

KERNEL void attention(const Attention *op) {
  uint32_t rows = *op->rows;
  const int32_t *slot = op->places.slot;
  for (uint32_t first = 0, end; first < rows; first = end) {
    for (end = first + 1; end < rows && slot[end] == slot[first];) end++;
    if (slot[first] == -1) {
      for (uint32_t row = first; row < end; row++) {
        __builtin_memset(row_of(op->output, row), 0, op->output.columns * 4);
      }
      continue;
    }
    for (uint32_t head = 0; head < op->key_value_heads; head++) attend(op, first, end, head);
  }
}
