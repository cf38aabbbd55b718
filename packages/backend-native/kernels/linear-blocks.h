// The matrix product with rows of a block format, as they lie in the file.
//
// The bytes of a block times those of the activations give an exact whole number, and
//
//   sum over blocks of  scale[o, b] · d[r, b] · (bytes[o, b] · q[r, b] − zero · Σ q[r, b])  +  offset[o, b] · d[r, b] · Σ q[r, b]
//
// is added up in lanes: lane l has the blocks l, l + BLOCKS, l + 2 · BLOCKS … in this order, and the lanes are added at
// the end. Few rows multiply each group as it is unpacked; for many, rows of the weight are unpacked into
// a tile once. Both do the same operations in the same order, so a row's bits do not depend on how many
// rows there are.
#pragma once

#include "linear.h"
#include "quantized-rows.h"
#include "unpack-blocks.h"
#include "unpack-k-quants.h"

INLINE void unpack(Format format, const uint8_t *at, Group *group) {
  switch (format) {
    case Q8_0: return unpack_q8_0(at, group);
    case Q4_0: return unpack_q4_0(at, group);
    case Q4_1: return unpack_q4_1(at, group);
    case Q5_0: return unpack_q5_0(at, group);
    case Q5_1: return unpack_q5_1(at, group);
    case Q2_K: return unpack_q2_k(at, group);
    case Q3_K: return unpack_q3_k(at, group);
    case Q4_K: return unpack_q4_k(at, group);
    case Q5_K: return unpack_q5_k(at, group);
    case Q6_K: return unpack_q6_k(at, group);
    case IQ4_NL: return unpack_iq4_nl(at, group);
    default: return unpack_mxfp4(at, group);
  }
}

INLINE uint64_t block_row_bytes(Format format, uint32_t columns) {
  return (uint64_t)columns / block_values(format) * block_bytes(format);
}

// What is left of a matrix, with zeros behind it.
NOINLINE const uint8_t *padded(uint8_t *whole, uint32_t bytes, const uint8_t *at, uint32_t left) {
  __builtin_memset(whole, 0, bytes);
  return __builtin_memcpy(whole, at, left);
}

// The last group of a row, where it has only some blocks of 32: those behind them are the next row's, and get scales of
// 0. Behind the last row there is nothing to be read.
INLINE void unpack_last(Format format, const Linear *op, const uint8_t *at, uint32_t blocks, Group *group) {
  static const uint32_t lanes[2 * BLOCKS] = {[0 ... BLOCKS - 1] = ~0u};
  uint8_t whole[GROUP_VALUES / 32 * 34];
  const uint8_t *end = weight_row(op, op->y.columns, block_row_bytes(format, op->x.columns));
  if (end - at < group_bytes(format)) at = padded(whole, sizeof whole, at, (uint32_t)(end - at));
  unpack(format, at, group);
  Words are_there = load_words(lanes + BLOCKS - blocks);
#pragma GCC unroll 4
  for (uint32_t n = 0; n < numbers_of(format); n++) {
    group->numbers[n] = (Scales)((Words)group->numbers[n] & are_there);
  }
}

INLINE const uint8_t *group_at(Format format, const Linear *op, uint32_t o, uint32_t g) {
  return weight_row(op, o, block_row_bytes(format, op->x.columns)) + (uint64_t)g * group_bytes(format);
}

// Asks for what comes later. Pages end the hardware's own prefetching, so this goes past them.
INLINE void prefetch_group(Format format, const uint8_t *at) {
  for (uint32_t line = 0; line < group_bytes(format); line += 64) __builtin_prefetch(at + PREFETCH_BYTES + line);
}

// Group g of output o.
INLINE void unpack_group(Format format, const Linear *op, uint32_t o, uint32_t g, Group *group) {
  uint32_t rest = op->x.columns - g * GROUP_VALUES;
  const uint8_t *at = group_at(format, op, o, g);
  if (rest >= GROUP_VALUES) unpack(format, at, group);
  else unpack_last(format, op, at, rest / 32, group);
}

// Adds the products of `outputs` groups of weights and `rows` groups of activations, all constants.
INLINE void add_groups(Format format, uint32_t outputs, Group *const weights[], uint32_t rows,
                       const QuantizedGroup *const x[], Scales *const sums[]) {
  uint32_t halves = halves_of(format), vectors = 8 / halves;
  uint32_t widen_after = products_before_widening(largest_of(format));
#pragma GCC unroll 2
  for (uint32_t half = 0; half < halves; half++) {
    Sums products[32];
#pragma GCC unroll 8
    for (uint32_t r = 0; r < rows; r++) {
      Sums start = zero_of(format) ? of_half(x[r], half)->start : (Sums){0};
#pragma GCC unroll 8
      for (uint32_t o = 0; o < outputs; o++) products[r * outputs + o] = start;
    }
#if defined(__AVX512VNNI__)
    (void)widen_after;
#pragma GCC unroll 8
    for (uint32_t k = half * vectors; k < (half + 1) * vectors; k++) {
#pragma GCC unroll 8
      for (uint32_t r = 0; r < rows; r++) {
        Words bytes = x[r]->bytes[k];
#pragma GCC unroll 8
        for (uint32_t o = 0; o < outputs; o++) {
          products[r * outputs + o] = add_products(products[r * outputs + o], weights[o]->bytes[k], bytes, false);
        }
      }
    }
#else
#pragma GCC unroll 8
    for (uint32_t first = half * vectors; first < (half + 1) * vectors; first += widen_after) {
      Partial partial[32];
      __builtin_memset(partial, 0, rows * outputs * sizeof *partial);
#pragma GCC unroll 8
      for (uint32_t k = first; k < min_u32(first + widen_after, (half + 1) * vectors); k++) {
#pragma GCC unroll 8
        for (uint32_t r = 0; r < rows; r++) {
#pragma GCC unroll 8
          for (uint32_t o = 0; o < outputs; o++) {
            partial[r * outputs + o] = add_products(partial[r * outputs + o], weights[o]->bytes[k], x[r]->bytes[k],
                                                    splits_signs(format));
          }
        }
      }
#pragma GCC unroll 32
      for (uint32_t i = 0; i < rows * outputs; i++) products[i] += widen_partial(partial[i]);
    }
#endif
#pragma GCC unroll 8
    for (uint32_t r = 0; r < rows; r++) {
      Scales d = x[r]->scale;
#pragma GCC unroll 8
      for (uint32_t o = 0; o < outputs; o++) {
        Scales *sum = sums[r] + o;
        *sum = fused(to_floats(products[r * outputs + o]) * d, *scale_of(format, weights[o], half), *sum);
        if (has_offset(format)) *sum = fused(of_half(x[r], half)->drive, *offset_of(format, weights[o], half), *sum);
      }
    }
  }
}

INLINE const QuantizedGroup *x_group(Format format, const Linear *op, uint32_t row, uint32_t group) {
  return quantized_group(format, op->workspace, *op->rows, row, group);
}

// One row of the weight with `rows` rows of activations from `row` on.
INLINE void multiply_row(Format format, const Linear *op, const uint8_t *at, uint32_t row, uint32_t rows,
                         Scales sums[]) {
  Scales lanes[FEW_ROWS], *at_lanes[FEW_ROWS];
  Group group, *weights[] = {&group};
  uint32_t columns = op->x.columns, whole = columns / GROUP_VALUES;
#pragma GCC unroll 4
  for (uint32_t r = 0; r < rows; r++) {
    lanes[r] = (Scales){0};
    at_lanes[r] = lanes + r;
  }
  for (uint32_t g = 0; g < groups_of(columns); g++, at += group_bytes(format)) {
    const QuantizedGroup *x[FEW_ROWS];
#pragma GCC unroll 4
    for (uint32_t r = 0; r < rows; r++) x[r] = x_group(format, op, row + r, g);
    if (g < whole) {
      prefetch_group(format, at);
      unpack(format, at, &group);
    } else {
      unpack_last(format, op, at, columns % GROUP_VALUES / 32, &group);
    }
    add_groups(format, 1, weights, rows, x, at_lanes);
  }
#pragma GCC unroll 4
  for (uint32_t r = 0; r < rows; r++) sums[r] = lanes[r];
}

// `rows` rows from `row` on.
INLINE void multiply_few(Format format, const Linear *op, Share outputs, uint32_t row, uint32_t rows) {
  uint64_t row_bytes = block_row_bytes(format, op->x.columns);
  for (uint32_t o = outputs.first; o < outputs.end; o += LANES) {
    Scales sums[FEW_ROWS][LANES];
    uint32_t count = min_u32(LANES, outputs.end - o);
    for (uint32_t r = 0; r < rows; r++) {
      for (uint32_t i = count; i < LANES; i++) sums[r][i] = (Scales){0};
    }
    for (uint32_t i = 0; i < count; i++) {
      Scales of_rows[FEW_ROWS];
      multiply_row(format, op, weight_row(op, o + i, row_bytes), row, rows, of_rows);
      for (uint32_t r = 0; r < rows; r++) sums[r][i] = of_rows[r];
    }
    for (uint32_t r = 0; r < rows; r++) finish(op, row + r, o, count, sums_of_lanes(sums[r]));
  }
}

// Each of few rows, by itself or with its neighbours.
INLINE void multiply_rows(Format format, const Linear *op, Share outputs, uint32_t rows) {
  uint32_t row = 0;
  for (; row + FEW_ROWS <= rows; row += FEW_ROWS) multiply_few(format, op, outputs, row, FEW_ROWS);
  if (FEW_ROWS > 2 && row + 2 <= rows) {
    multiply_few(format, op, outputs, row, 2);
    row += 2;
  }
  for (; row < rows; row++) multiply_few(format, op, outputs, row, 1);
}
