// Some queries of one slot over one page of keys and values, with a running softmax.
//
//   score[q, p] = scale · query[q] · keys[p]                                   p < count
//   m′ = max(m, max over p of score[q, p])
//   output[q] = exp(m − m′) · output[q] + sum over p of exp(score[q, p] − m′) · values[p]
//
// m is the largest score so far, and the sum of the weights shrinks and grows as the output does. Whoever calls this
// divides by it at the end. Milakov & Gimelshein 2018, arXiv:1805.02867.
#pragma once

#include "exponential.h"
#include "page.h"
#include "stored.h"

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
#define MOST_QUERIES 5

// One head's keys or values in a page: those of the next position stand `stride` bytes further on.
typedef struct {
  const char *at;
  uint64_t stride;
} Page;

INLINE Floats load_at(Page page, uint32_t p, uint32_t i, Format format) {
  return load_stored(page.at + p * page.stride, i, format);
}

INLINE Floats load_some_at(Page page, uint32_t p, uint32_t i, Format format, uint32_t count) {
  if (count >= LANES) return load_at(page, p, i, format);
  return load_some_stored(page.at + p * page.stride, i, format, count);
}

// weights[q, p] = scale · query[q] · keys[p] for `positions` positions from `first` on. As many sums as there are
// queries and positions stay in registers.
INLINE void score_some(uint32_t queries, const Query *q, Page keys, Format format, uint32_t first, uint32_t positions,
                       uint32_t dim, float scale, float (*weights)[PAGE_SIZE]) {
  Floats sums[2 * MOST_QUERIES + 2];
  uint32_t i = 0;
#pragma GCC unroll 12
  for (uint32_t m = 0; m < (queries * positions + 3) / 4 * 4; m++) sums[m] = splat(0);
  for (; i + LANES <= dim; i += LANES) {
    Floats key[4];
    for (uint32_t k = 0; k < positions; k++) key[k] = load_at(keys, first + k, i, format);
    for (uint32_t n = 0; n < queries; n++) {
      Floats query = load(q[n].query + i);
      for (uint32_t k = 0; k < positions; k++) {
        sums[n * positions + k] = multiply_add(sums[n * positions + k], query, key[k]);
      }
    }
  }
  for (uint32_t n = 0; n < queries && i < dim; n++) {
    Floats query = load_some(q[n].query + i, dim - i);
    for (uint32_t k = 0; k < positions; k++) {
      Floats key = load_some_at(keys, first + k, i, format, dim - i);
      sums[n * positions + k] = multiply_add(sums[n * positions + k], query, key);
    }
  }
  for (uint32_t m = 0; m < queries * positions; m += 4) {
    float four[4];
    store_four(four, scale * sums_of_four(sums[m], sums[m + 1], sums[m + 2], sums[m + 3]));
    for (uint32_t k = m; k < min_u32(m + 4, queries * positions); k++) {
      weights[k / positions][first + k % positions] = four[k - m];
    }
  }
}

// The scores of the first `count` positions.
INLINE void score(uint32_t queries, const Query *q, Page keys, Format format, uint32_t count, uint32_t dim, float scale,
                  float (*weights)[PAGE_SIZE]) {
  uint32_t p = 0;
  for (; queries <= 2 && p + 4 <= count; p += 4) score_some(queries, q, keys, format, p, 4, dim, scale, weights);
  for (; p + 2 <= count; p += 2) score_some(queries, q, keys, format, p, 2, dim, scale, weights);
  if (p < count) score_some(queries, q, keys, format, p, 1, dim, scale, weights);
}

// The scores of one query become weights relative to the largest of all pages so far; gives what they were relative to
// before, so much larger.
INLINE float soften(float weights[PAGE_SIZE], uint32_t count, Running *running) {
  Floats most = splat(running->largest), sum = splat(0);
  for (uint32_t p = 0; p < count; p += LANES) {
    most = at_least(most, only_first(count - p, load(weights + p), splat(running->largest)));
  }
  float largest = largest_lane(most);
  for (uint32_t p = 0; p < count; p += LANES) {
    Floats weight = only_first(count - p, exp_of(load(weights + p) - largest), splat(0));
    store(weights + p, weight);
    sum += weight;
  }
  float correction = exp_of(splat(running->largest - largest))[0];
  running->sum = running->sum * correction + sum_of(sum);
  running->largest = largest;
  return correction;
}

// output[q] = correction[q] · output[q] + sum over p of weights[q, p] · values[p], for `vectors` vectors from i on.
INLINE void weigh_some(uint32_t queries, const Query *q, Page values, Format format, uint32_t count, uint32_t i,
                       uint32_t vectors, const float *correction, float (*weights)[PAGE_SIZE]) {
  Floats sums[2 * MOST_QUERIES];
  for (uint32_t n = 0; n < queries; n++) {
    for (uint32_t k = 0; k < vectors; k++) {
      sums[n * vectors + k] = correction[n] * load(q[n].output + i + k * LANES);
    }
  }
  for (uint32_t p = 0; p < count; p++) {
    Floats value[4];
    for (uint32_t k = 0; k < vectors; k++) value[k] = load_at(values, p, i + k * LANES, format);
    for (uint32_t n = 0; n < queries; n++) {
      Floats weight = splat(weights[n][p]);
      for (uint32_t k = 0; k < vectors; k++) {
        sums[n * vectors + k] = multiply_add(sums[n * vectors + k], weight, value[k]);
      }
    }
  }
  for (uint32_t n = 0; n < queries; n++) {
    for (uint32_t k = 0; k < vectors; k++) store(q[n].output + i + k * LANES, sums[n * vectors + k]);
  }
}

INLINE void weigh(uint32_t queries, const Query *q, Page values, Format format, uint32_t count, uint32_t dim,
                  const float *correction, float (*weights)[PAGE_SIZE]) {
  uint32_t i = 0;
  for (; queries <= 2 && i + 4 * LANES <= dim; i += 4 * LANES) {
    weigh_some(queries, q, values, format, count, i, 4, correction, weights);
  }
  for (; i + 2 * LANES <= dim; i += 2 * LANES) {
    weigh_some(queries, q, values, format, count, i, 2, correction, weights);
  }
  for (; i < dim; i += LANES) {
    for (uint32_t n = 0; n < queries; n++) {
      Floats sum = correction[n] * load_upto(q[n].output + i, dim - i);
      for (uint32_t p = 0; p < count; p++) {
        sum = multiply_add(sum, splat(weights[n][p]), load_some_at(values, p, i, format, dim - i));
      }
      store_upto(q[n].output + i, sum, dim - i);
    }
  }
}

// Takes queries over the first `count` positions of a page.
INLINE void attend_page(uint32_t queries, const Query *q, Page keys, Page values, Format format, uint32_t count,
                        uint32_t dim, float scale) {
  float weights[MOST_QUERIES][PAGE_SIZE], correction[MOST_QUERIES];
  if (count < PAGE_SIZE) __builtin_memset(weights, 0, queries * sizeof *weights);
  score(queries, q, keys, format, count, dim, scale, weights);
  for (uint32_t n = 0; n < queries; n++) correction[n] = soften(weights[n], count, q[n].running);
  weigh(queries, q, values, format, count, dim, correction, weights);
}

// Each number of queries is a function of its own, so that it is a constant inside.
#define ATTEND(NAME, QUERIES, FORMAT)                                                                      \
  NOINLINE void NAME(const Query *q, Page keys, Page values, uint32_t count, uint32_t dim, float scale) { \
    attend_page(QUERIES, q, keys, values, FORMAT, count, dim, scale);                                      \
  }
ATTEND(attend_one, 1, F32)
ATTEND(attend_two, 2, F32)
ATTEND(attend_five, 5, F32)
ATTEND(attend_one_f16, 1, F16)
ATTEND(attend_two_f16, 2, F16)
ATTEND(attend_five_f16, 5, F16)

// Any number of queries; keys and values are f32 or f16.
static void attend_queries(uint32_t queries, const Query *q, Page keys, Page values, bool is_f16, uint32_t count,
                           uint32_t dim, float scale) {
  while (queries > 0) {
    uint32_t some = queries >= 5 ? 5 : queries >= 2 ? 2 : 1;
    if (some == 5) (is_f16 ? attend_five_f16 : attend_five)(q, keys, values, count, dim, scale);
    else if (some == 2) (is_f16 ? attend_two_f16 : attend_two)(q, keys, values, count, dim, scale);
    else (is_f16 ? attend_one_f16 : attend_one)(q, keys, values, count, dim, scale);
    q += some;
    queries -= some;
  }
}
