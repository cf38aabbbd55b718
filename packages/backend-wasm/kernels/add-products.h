// Products of a group of packed rows with two rows of the weight, added to their sums.
//
// The innermost loops: what is written here is what an engine runs, instruction by instruction. Each turn loads four
// columns of both outputs, then those of row after row, and adds two products for each.
#pragma once

#include "packed-rows.h"

// Keeps the compiler from moving a value elsewhere, and from loading or adding up beforehand what it has no register
// for.
#define KEEP(value) __asm__ volatile("" : "+r"(value))

// How many times four columns are written one after the other, as engines do not unroll: none where older ones spill.
#ifdef __wasm_relaxed_simd__
#define TURN 4
#else
#define TURN 1
#endif

INLINE void add_products_of(uint32_t rows, const float4 *x, float4 first, float4 second, float4 lanes[]) {
#pragma unroll
  for (uint32_t r = 0; r < rows; r++) {
    float4 values = x[r];
    KEEP(values);
    lanes[2 * r] = multiply_add(lanes[2 * r], values, first);
    KEEP(lanes[2 * r]);
    lanes[2 * r + 1] = multiply_add(lanes[2 * r + 1], values, second);
    KEEP(lanes[2 * r + 1]);
  }
}

INLINE void copy_lanes(uint32_t rows, const float4 *from, float4 *to) {
#pragma unroll
  for (uint32_t k = 0; k < 2 * rows; k++) to[k] = from[k];
}

// With rows of the weight as they are stored, which are kept widened unless `widened` is null: [columns / 4, 2, 4].
INLINE void add_stored(Format format, uint32_t rows, const float4 *x, const void *const w[2], uint32_t columns,
                       float4 *widened, float4 *sums) {
  const uint32_t bytes = 4 * bytes_of(format);
  const bool keeps = widened != 0;
  const char *first = w[0], *second = w[1];
  float4 lanes[2 * GROUP_ROWS];
  copy_lanes(rows, sums, lanes);
#define ADD_FOUR(AT)                                                        \
  float4 a = load_stored(first + (AT) * bytes, 0, format);                  \
  float4 b = load_stored(second + (AT) * bytes, 0, format);                 \
  KEEP(a);                                                                  \
  KEEP(b);                                                                  \
  if (keeps) widened[2 * (AT)] = a, widened[2 * (AT) + 1] = b;              \
  add_products_of(rows, x + (AT) * rows, a, b, lanes);
  for (; columns >= 4 * TURN; columns -= 4 * TURN) {
    KEEP(x);
    KEEP(first);
    KEEP(second);
    if (keeps) KEEP(widened);
#pragma unroll
    for (uint32_t u = 0; u < TURN; u++) {
      ADD_FOUR(u)
    }
    x += TURN * rows, first += TURN * bytes, second += TURN * bytes;
    if (keeps) widened += 2 * TURN;
  }
  for (; columns >= 4; columns -= 4) {
    KEEP(x);
    ADD_FOUR(0)
    x += rows, first += bytes, second += bytes;
    if (keeps) widened += 2;
  }
#undef ADD_FOUR
  if (columns > 0) {
    float4 a = load_some_stored(first, 0, format, columns), b = load_some_stored(second, 0, format, columns);
    if (keeps) widened[0] = a, widened[1] = b;
    add_products_of(rows, x, a, b, lanes);
  }
  copy_lanes(rows, lanes, sums);
}

// With rows of the weight that were widened before; `columns` is a multiple of 4.
INLINE void add_widened(uint32_t rows, const float4 *x, const float4 *widened, uint32_t columns, float4 *sums) {
  float4 lanes[2 * GROUP_ROWS];
  copy_lanes(rows, sums, lanes);
#define ADD_FOUR(AT)                                                 \
  float4 a = widened[2 * (AT)], b = widened[2 * (AT) + 1];           \
  KEEP(a);                                                           \
  KEEP(b);                                                           \
  add_products_of(rows, x + (AT) * rows, a, b, lanes);
  for (; columns >= 4 * TURN; columns -= 4 * TURN, x += TURN * rows, widened += 2 * TURN) {
    KEEP(x);
    KEEP(widened);
#pragma unroll
    for (uint32_t u = 0; u < TURN; u++) {
      ADD_FOUR(u)
    }
  }
  for (; columns > 0; columns -= 4, x += rows, widened += 2) {
    KEEP(x);
    ADD_FOUR(0)
  }
#undef ADD_FOUR
  copy_lanes(rows, lanes, sums);
}

// Each number of rows is a function of its own, so that it is a constant inside.
typedef void AddStored(const float4 *x, const void *const w[2], uint32_t columns, float4 *widened, float4 *sums);
typedef void AddWidened(const float4 *x, const float4 *widened, uint32_t columns, float4 *sums);

#define ADD_STORED(NAME, FORMAT, ROWS, WIDENED)                                                                  \
  static void NAME##_##ROWS(const float4 *x, const void *const w[2], uint32_t columns, float4 *widened, float4 *sums) { \
    (void)widened;                                                                                               \
    add_stored(FORMAT, ROWS, x, w, columns, WIDENED, sums);                                                      \
  }
#define ADD_ROWS(ROWS)                                                                                    \
  ADD_STORED(add_f32, F32, ROWS, 0)                                                                       \
  ADD_STORED(add_bf16, BF16, ROWS, 0)                                                                     \
  ADD_STORED(widen_bf16, BF16, ROWS, widened)                                                             \
  static void add_widened_##ROWS(const float4 *x, const float4 *widened, uint32_t columns, float4 *sums) { \
    add_widened(ROWS, x, widened, columns, sums);                                                         \
  }
#if GROUP_ROWS == 6
ADD_ROWS(3) ADD_ROWS(4) ADD_ROWS(5) ADD_ROWS(6)
#define OF_ROWS(NAME) {NAME##_3, NAME##_4, NAME##_5, NAME##_6}
#else
ADD_ROWS(2) ADD_ROWS(3) ADD_ROWS(4)
#define OF_ROWS(NAME) {NAME##_2, NAME##_3, NAME##_4}
#endif
#undef ADD_ROWS
#undef ADD_STORED

// From LEAST_GROUP_ROWS on.
static AddStored *const add_f32[] = OF_ROWS(add_f32), *const add_bf16[] = OF_ROWS(add_bf16);
static AddStored *const widen_bf16_and_add[] = OF_ROWS(widen_bf16);
static AddWidened *const add_widened_of[] = OF_ROWS(add_widened);
#undef OF_ROWS
