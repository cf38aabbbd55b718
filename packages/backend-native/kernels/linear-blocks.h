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

// The last group of a row, where it is not a whole one.
INLINE void unpack_last(Format format, const uint8_t *at, uint32_t bytes, Group *group) {
  uint8_t whole[16 * 34] = {0};
  __builtin_memcpy(whole, at, bytes);
  unpack(format, whole, group);
}

INLINE Sums half_of_sums(Format format, const QuantizedGroup *x, uint32_t half) {
  return is_fine(format) ? x->half_sums[half] : x->half_sums[0] + x->half_sums[1];
}

// Adds the products of `outputs` groups of weights and `rows` groups of activations, all constants.
INLINE void add_groups(Format format, uint32_t outputs, const Group *const weights[], uint32_t rows,
                       const QuantizedGroup *const x[], Scales sums[]) {
  uint32_t halves = is_fine(format) ? 2 : 1, vectors = 8 / halves;
  uint32_t widen_after = products_before_widening(largest_of(format));
#pragma GCC unroll 2
  for (uint32_t half = 0; half < halves; half++) {
    Sums products[16];
#pragma GCC unroll 4
    for (uint32_t r = 0; r < rows; r++) {
      Sums start = half_of_sums(format, x[r], half) * -zero_of(format);
#pragma GCC unroll 4
      for (uint32_t o = 0; o < outputs; o++) products[r * outputs + o] = start;
    }
#if defined(__AVX512VNNI__)
    (void)widen_after;
#pragma GCC unroll 8
    for (uint32_t k = half * vectors; k < (half + 1) * vectors; k++) {
#pragma GCC unroll 4
      for (uint32_t r = 0; r < rows; r++) {
        Words bytes = x[r]->bytes[k];
#pragma GCC unroll 4
        for (uint32_t o = 0; o < outputs; o++) {
          products[r * outputs + o] = add_products(products[r * outputs + o], weights[o]->bytes[k], bytes, false);
        }
      }
    }
#else
#pragma GCC unroll 8
    for (uint32_t first = half * vectors; first < (half + 1) * vectors; first += widen_after) {
      Partial partial[16];
      __builtin_memset(partial, 0, rows * outputs * sizeof *partial);
#pragma GCC unroll 8
      for (uint32_t k = first; k < min_u32(first + widen_after, (half + 1) * vectors); k++) {
#pragma GCC unroll 4
        for (uint32_t r = 0; r < rows; r++) {
#pragma GCC unroll 4
          for (uint32_t o = 0; o < outputs; o++) {
            partial[r * outputs + o] = add_products(partial[r * outputs + o], weights[o]->bytes[k], x[r]->bytes[k],
                                                    is_signed(format) && SIGNED_ZERO == 0);
          }
        }
      }
#pragma GCC unroll 16
      for (uint32_t i = 0; i < rows * outputs; i++) products[i] += widen_partial(partial[i]);
    }
#endif
#pragma GCC unroll 4
    for (uint32_t r = 0; r < rows; r++) {
      Scales d = x[r]->scale;
#pragma GCC unroll 4
      for (uint32_t o = 0; o < outputs; o++) {
        Scales *sum = sums + r * outputs + o;
        *sum = fused(to_floats(products[r * outputs + o]) * d, weights[o]->scale[half], *sum);
        if (has_offset(format)) {
          *sum = fused(to_floats(half_of_sums(format, x[r], half)) * d, weights[o]->offset[half], *sum);
        }
      }
    }
  }
}

// One row of the weight with `rows` rows of activations.
INLINE void multiply_row(Format format, const uint8_t *at, uint32_t columns, uint32_t rows,
                         const QuantizedGroup *const x[], float sums[]) {
  Scales lanes[4];
  const QuantizedGroup *now[4];
  Group group;
  const Group *weights[] = {&group};
  for (uint32_t r = 0; r < rows; r++) lanes[r] = (Scales){0}, now[r] = x[r];
  uint32_t whole = columns / GROUP_VALUES;
  for (uint32_t g = 0; g < whole; g++) {
    // Pages end the hardware's own prefetching, so this goes past them.
    for (uint32_t line = 0; line < group_bytes(format); line += 64) __builtin_prefetch(at + PREFETCH_BYTES + line);
    unpack(format, at, &group);
    add_groups(format, 1, weights, rows, now, lanes);
    at += group_bytes(format);
    for (uint32_t r = 0; r < rows; r++) now[r]++;
  }
  if (columns % GROUP_VALUES) {
    unpack_last(format, at, columns % GROUP_VALUES / block_values(format) * block_bytes(format), &group);
    add_groups(format, 1, weights, rows, now, lanes);
  }
  for (uint32_t r = 0; r < rows; r++) sums[r] = sum_lanes(lanes[r]);
}

INLINE const QuantizedGroup *quantized_row(const Linear *op, uint32_t row) {
  return (const QuantizedGroup *)op->workspace + (uint64_t)row * groups_of(op->x.columns);
}

INLINE uint64_t block_row_bytes(Format format, uint32_t columns) {
  return (uint64_t)columns / block_values(format) * block_bytes(format);
}

// `rows` rows from `row` on.
INLINE void multiply_few(Format format, const Linear *op, Share outputs, uint32_t row, uint32_t rows) {
  const QuantizedGroup *x[4];
  uint32_t columns = op->x.columns;
  uint64_t row_bytes = block_row_bytes(format, columns);
  for (uint32_t r = 0; r < rows; r++) x[r] = quantized_row(op, row + r);
  for (uint32_t o = outputs.first; o < outputs.end; o += LANES) {
    float sums[4 * LANES] = {0};
    uint32_t count = min_u32(LANES, outputs.end - o);
    for (uint32_t i = 0; i < count; i++) {
      float of_rows[4];
      multiply_row(format, weight_row(op, o + i, row_bytes), columns, rows, x, of_rows);
      for (uint32_t r = 0; r < rows; r++) sums[r * LANES + i] = of_rows[r];
    }
    for (uint32_t r = 0; r < rows; r++) finish(op, row + r, o, count, sums + r * LANES);
  }
}

// Four rows of a tile with `rows` rows of activations.
INLINE void multiply_tile(Format format, const Group *tile, uint32_t groups, uint32_t rows,
                          const QuantizedGroup *const x[], float sums[]) {
  Scales lanes[TILE_OUTPUTS * TILE_ROWS];
#pragma GCC unroll 16
  for (uint32_t i = 0; i < TILE_OUTPUTS * rows; i++) lanes[i] = (Scales){0};
  for (uint32_t g = 0; g < groups; g++) {
    const Group *weights[TILE_OUTPUTS];
    const QuantizedGroup *now[TILE_ROWS];
#pragma GCC unroll 4
    for (uint32_t o = 0; o < TILE_OUTPUTS; o++) weights[o] = tile + o * groups + g;
#pragma GCC unroll 4
    for (uint32_t r = 0; r < rows; r++) now[r] = x[r] + g;
    add_groups(format, TILE_OUTPUTS, weights, rows, now, lanes);
  }
#pragma GCC unroll 4
  for (uint32_t r = 0; r < rows; r++) {
#pragma GCC unroll 4
    for (uint32_t o = 0; o < TILE_OUTPUTS; o++) sums[r * LANES + o] = sum_lanes(lanes[r * TILE_OUTPUTS + o]);
  }
}

INLINE void unpack_rows(Format format, const Linear *op, uint32_t o, uint32_t count, Group *tile) {
  uint32_t columns = op->x.columns, groups = groups_of(columns), whole = columns / GROUP_VALUES;
  uint64_t row_bytes = block_row_bytes(format, columns);
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t *at = weight_row(op, o + i, row_bytes);
    for (uint32_t g = 0; g < whole; g++, at += group_bytes(format)) unpack(format, at, tile + i * groups + g);
    if (groups == whole) continue;
    uint32_t rest = columns % GROUP_VALUES / block_values(format) * block_bytes(format);
    unpack_last(format, at, rest, tile + i * groups + whole);
  }
}

INLINE void multiply_tile_rows(Format format, const Linear *op, const Group *tile, uint32_t o, uint32_t count,
                               uint32_t row, uint32_t rows) {
  uint32_t groups = groups_of(op->x.columns);
  const QuantizedGroup *x[TILE_ROWS];
  for (uint32_t r = 0; r < rows; r++) x[r] = quantized_row(op, row + r);
  for (uint32_t i = 0; i < count; i += LANES) {
    float sums[TILE_ROWS * LANES];
    uint32_t some = min_u32(LANES, count - i);
    for (uint32_t j = 0; j < some; j += TILE_OUTPUTS) {
      multiply_tile(format, tile + (i + j) * groups, groups, rows, x, sums + j);
    }
    for (uint32_t r = 0; r < rows; r++) finish(op, row + r, o + i, some, sums + r * LANES);
  }
}

INLINE void multiply_many(Format format, const Linear *op, Share outputs, uint32_t rows) {
  uint32_t groups = groups_of(op->x.columns);
  uint32_t tile_rows = TILE_BYTES / (groups * sizeof(Group)) / TILE_OUTPUTS * TILE_OUTPUTS;
  Group tile[TILE_BYTES / sizeof(Group)];
  for (uint32_t o = outputs.first; o < outputs.end; o += tile_rows) {
    uint32_t count = min_u32(tile_rows, outputs.end - o), row = 0;
    unpack_rows(format, op, o, count, tile);
    for (; row + TILE_ROWS <= rows; row += TILE_ROWS) multiply_tile_rows(format, op, tile, o, count, row, TILE_ROWS);
    for (; row < rows; row++) multiply_tile_rows(format, op, tile, o, count, row, 1);
  }
}

INLINE void multiply_blocks(Format format, const Linear *op, Share outputs) {
  uint32_t rows = *op->rows, row = 0;
  if (rows >= MANY_ROWS && groups_of(op->x.columns) * sizeof(Group) * TILE_OUTPUTS <= TILE_BYTES) {
    return multiply_many(format, op, outputs, rows);
  }
  for (; row + 4 <= rows; row += 4) multiply_few(format, op, outputs, row, 4);
  if (rows - row == 3) multiply_few(format, op, outputs, row, 3);
  if (rows - row == 2) multiply_few(format, op, outputs, row, 2);
  if (rows - row == 1) multiply_few(format, op, outputs, row, 1);
}
