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
  uint8_t whole[GROUP_VALUES / 32 * 34] = {0};
  __builtin_memcpy(whole, at, bytes);
  unpack(format, whole, group);
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
      Sums start = zero_of(format) ? x[r]->of_sums[half].start : (Sums){0};
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
                                                    is_signed(format) && SIGNED_ZERO == 0);
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
        if (has_offset(format)) *sum = fused(x[r]->of_sums[half].drive, *offset_of(format, weights[o], half), *sum);
      }
    }
  }
}

INLINE uint64_t block_row_bytes(Format format, uint32_t columns) {
  return (uint64_t)columns / block_values(format) * block_bytes(format);
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
      // Pages end the hardware's own prefetching, so this goes past them.
      for (uint32_t line = 0; line < group_bytes(format); line += 64) __builtin_prefetch(at + PREFETCH_BYTES + line);
      unpack(format, at, &group);
    } else {
      unpack_last(format, at, columns % GROUP_VALUES / block_values(format) * block_bytes(format), &group);
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
    Scales sums[FEW_ROWS][LANES] = {0};
    uint32_t count = min_u32(LANES, outputs.end - o);
    for (uint32_t i = 0; i < count; i++) {
      Scales of_rows[FEW_ROWS];
      multiply_row(format, op, weight_row(op, o + i, row_bytes), row, rows, of_rows);
      for (uint32_t r = 0; r < rows; r++) sums[r][i] = of_rows[r];
    }
    for (uint32_t r = 0; r < rows; r++) finish(op, row + r, o, count, sums_of_lanes(sums[r]));
  }
}

// Unpacked rows of the weight.
typedef struct {
  char *groups;
  uint32_t rows;
} Tile;

INLINE Group *tile_group(Format format, const Tile *tile, uint32_t row, uint32_t group) {
  return (Group *)(tile->groups + place_of_group(tile->rows, row, group) * unpacked_bytes(format));
}

// Group g of output o.
INLINE void unpack_group(Format format, const Linear *op, uint32_t o, uint32_t g, Group *group) {
  uint32_t columns = op->x.columns, rest = columns - g * GROUP_VALUES;
  const uint8_t *at = weight_row(op, o, block_row_bytes(format, columns)) + (uint64_t)g * group_bytes(format);
  if (rest >= GROUP_VALUES) unpack(format, at, group);
  else unpack_last(format, at, rest / block_values(format) * block_bytes(format), group);
}

INLINE void unpack_rows(Format format, const Linear *op, uint32_t o, uint32_t count, const Tile *tile) {
  for (uint32_t i = 0; i < count; i++) {
    for (uint32_t g = 0; g < groups_of(op->x.columns); g++) {
      Group group;
      unpack_group(format, op, o + i, g, &group);
      __builtin_memcpy(tile_group(format, tile, i, g), &group, unpacked_bytes(format));
    }
  }
}

// What stays in the first-level cache: a stretch of LANES rows of a tile, one of SLAB_ROWS rows of activations, and
// the sums of each with each.
typedef struct {
  const Linear *op;
  const Tile *tile;
  uint32_t tile_row;
  uint32_t row;
  Scales sums[SLAB_ROWS][LANES];
} Slab;

// Adds groups `first` to `end` − 1 of TILE_OUTPUTS rows of weights with `rows` rows of activations.
INLINE void multiply_part(Format format, Slab *slab, uint32_t first, uint32_t end, uint32_t o, uint32_t row, uint32_t rows) {
  Scales *sums[TILE_ROWS];
#pragma GCC unroll 8
  for (uint32_t r = 0; r < rows; r++) sums[r] = slab->sums[row + r] + o;
  for (uint32_t g = first; g < end; g++) {
    Group *weights[TILE_OUTPUTS];
    const QuantizedGroup *x[TILE_ROWS];
#pragma GCC unroll 8
    for (uint32_t i = 0; i < TILE_OUTPUTS; i++) weights[i] = tile_group(format, slab->tile, slab->tile_row + o + i, g);
#pragma GCC unroll 8
    for (uint32_t r = 0; r < rows; r++) x[r] = x_group(format, slab->op, slab->row + row + r, g);
    add_groups(format, TILE_OUTPUTS, weights, rows, x, sums);
    // Keeps the sums in the cache between groups: the registers are needed for products.
    __asm__ volatile("" ::: "memory");
  }
}

INLINE void multiply_slab(Format format, Slab *slab, uint32_t rows) {
  uint32_t groups = groups_of(slab->op->x.columns);
  for (uint32_t first = 0; first < groups; first += STRETCH_GROUPS) {
    uint32_t end = min_u32(first + STRETCH_GROUPS, groups), row = 0;
    for (; row + TILE_ROWS <= rows; row += TILE_ROWS) {
      for (uint32_t o = 0; o < LANES; o += TILE_OUTPUTS) multiply_part(format, slab, first, end, o, row, TILE_ROWS);
    }
    for (; row < rows; row++) {
      for (uint32_t o = 0; o < LANES; o += TILE_OUTPUTS) multiply_part(format, slab, first, end, o, row, 1);
    }
  }
}

// How many rows of the weight fit a tile.
INLINE uint32_t tile_rows(Format format, uint32_t columns) {
  return TILE_BYTES / (stretches_of(columns) * STRETCH_GROUPS * unpacked_bytes(format)) / LANES * LANES;
}

INLINE void multiply_many(Format format, const Linear *op, Share outputs, uint32_t rows) {
  _Alignas(64) char groups[TILE_BYTES];
  Tile tile = {groups, tile_rows(format, op->x.columns)};
  for (uint32_t o = outputs.first; o < outputs.end; o += tile.rows) {
    uint32_t count = min_u32(tile.rows, outputs.end - o);
    unpack_rows(format, op, o, count, &tile);
    for (uint32_t row = 0; row < rows; row += SLAB_ROWS) {
      uint32_t some = min_u32(SLAB_ROWS, rows - row);
      for (uint32_t i = 0; i < count; i += LANES) {
        Slab slab = {.op = op, .tile = &tile, .tile_row = i, .row = row};
        multiply_slab(format, &slab, some);
        for (uint32_t r = 0; r < some; r++) {
          finish(op, row + r, o + i, min_u32(LANES, count - i), sums_of_lanes(slab.sums[r]));
        }
      }
    }
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
