// The product of many rows with rows of a block format: some rows of the weight are unpacked into a tile once, and
// every row of activations is multiplied with it.
#pragma once

#include "linear-blocks.h"

// What is multiplied at once. Where signs are split off, activations take two registers each and weights none: then
// fewer rows of activations stand beside more of weights.
INLINE uint32_t outputs_at_once(Format f) { return splits_signs(f) ? TILE_ROWS : TILE_OUTPUTS; }
INLINE uint32_t rows_at_once(Format f) { return splits_signs(f) ? TILE_OUTPUTS : TILE_ROWS; }
#define MOST_AT_ONCE (TILE_ROWS > TILE_OUTPUTS ? TILE_ROWS : TILE_OUTPUTS)

#if defined(__AVX512VNNI__)
#define add_tile add_groups
#else
// Each product below is `settled` before the next: compilers would begin so many at once that the registers do not hold
// them.

// Word k of each of `outputs` groups of weights with that of each of `rows` groups of activations.
INLINE void add_words(uint32_t k, uint32_t outputs, Group *const weights[], uint32_t rows, const QuantizedGroup *const x[],
                      Partial sums[]) {
  Words w[TILE_OUTPUTS];
#pragma GCC unroll 8
  for (uint32_t o = 0; o < outputs; o++) w[o] = weights[o]->bytes[k];
#pragma GCC unroll 8
  for (uint32_t r = 0; r < rows; r++) {
    Words v = in_register(x[r]->bytes[k]);
#pragma GCC unroll 8
    for (uint32_t o = 0; o < outputs; o++) {
      Partial *sum = sums + r * outputs + o;
      *sum = (Partial)settled((Words)add_products(*sum, w[o], v, false));
    }
  }
}

// As `add_words`, where signs are split off.
INLINE void add_split_words(uint32_t k, uint32_t outputs, Group *const weights[], uint32_t rows,
                            const QuantizedGroup *const x[], Sums sums[]) {
  Words magnitudes[TILE_OUTPUTS], signs[TILE_OUTPUTS];
#pragma GCC unroll 8
  for (uint32_t r = 0; r < rows; r++) {
    magnitudes[r] = in_register(x[r]->bytes[k]);
    signs[r] = in_register(x[r]->signs[k]);
  }
#pragma GCC unroll 8
  for (uint32_t o = 0; o < outputs; o++) {
#pragma GCC unroll 8
    for (uint32_t r = 0; r < rows; r++) {
      Sums *sum = sums + r * outputs + o;
      Partial product = add_products((Partial){0}, magnitudes[r], xor_with(signs[r], &weights[o]->bytes[k]), false);
      *sum = (Sums)settled((Words)(*sum + widen_partial(product)));
    }
  }
}

// As `add_groups`, of weights in a tile.
INLINE void add_tile(Format format, uint32_t outputs, Group *const weights[], uint32_t rows,
                     const QuantizedGroup *const x[], Scales *const sums[]) {
  uint32_t halves = halves_of(format), vectors = 8 / halves;
  uint32_t pass = min_u32(products_before_widening(largest_of(format)), vectors);
#pragma GCC unroll 2
  for (uint32_t half = 0; half < halves; half++) {
    Sums products[TILE_ROWS * TILE_OUTPUTS] = {{0}};
#pragma GCC unroll 8
    for (uint32_t first = half * vectors; first < (half + 1) * vectors; first += pass) {
      Partial partial[TILE_ROWS * TILE_OUTPUTS] = {{0}};
#pragma GCC unroll 8
      for (uint32_t k = first; k < first + pass; k++) {
        if (splits_signs(format)) add_split_words(k, outputs, weights, rows, x, products);
        else add_words(k, outputs, weights, rows, x, partial);
      }
      if (splits_signs(format)) continue;
#pragma GCC unroll 16
      for (uint32_t i = 0; i < rows * outputs; i++) products[i] += widen_partial(partial[i]);
    }
#pragma GCC unroll 8
    for (uint32_t r = 0; r < rows; r++) {
      Scales d = x[r]->scale;
#pragma GCC unroll 8
      for (uint32_t o = 0; o < outputs; o++) {
        Scales *sum = sums[r] + o;
        Sums product = products[r * outputs + o];
        if (has_start(format)) product += of_half(x[r], half)->start;
        *sum = fused(to_floats(product) * d, *scale_of(format, weights[o], half), *sum);
        if (has_offset(format)) *sum = fused(of_half(x[r], half)->drive, *offset_of(format, weights[o], half), *sum);
      }
    }
  }
}
#endif

// Unpacked rows of the weight.
typedef struct {
  char *groups;
  uint32_t rows;
  // What comes after these rows in memory, and how much of it is asked for with each step of a product.
  const uint8_t *ahead;
  uint32_t bytes_a_step;
} Tile;

INLINE Group *tile_group(Format format, const Tile *tile, uint32_t row, uint32_t group) {
  return (Group *)(tile->groups + place_of_group(tile->rows, row, group) * unpacked_bytes(format));
}

INLINE void unpack_rows(Format format, const Linear *op, uint32_t o, uint32_t count, const Tile *tile) {
  for (uint32_t i = 0; i < count; i++) {
    for (uint32_t g = 0; g < groups_of(op->x.columns); g++) {
      unpack_group(format, op, o + i, g, tile_group(format, tile, i, g));
    }
  }
}

// Memory then has the time of a whole product to deliver what the next one unpacks, rather than standing idle meanwhile.
INLINE void plan_ahead(Format format, Tile *tile, const Linear *op, const uint8_t *ahead, uint64_t row_bytes) {
  uint32_t outputs = tile->rows / outputs_at_once(format), rows = (*op->rows + rows_at_once(format) - 1) / rows_at_once(format);
  uint32_t steps = groups_of(op->x.columns) * outputs * rows;
  tile->ahead = ahead;
  tile->bytes_a_step = (uint32_t)((row_bytes * tile->rows + steps - 1) / steps);
}

INLINE void ask_for(const uint8_t *at, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; i += 64) __builtin_prefetch(at + i, 0, 2);
}

// What stays in the first-level cache: a stretch of LANES rows of a tile, one of SLAB_ROWS rows of activations, and
// the sums of each with each.
typedef struct {
  const Linear *op;
  Tile *tile;
  uint32_t tile_row;
  uint32_t row;
  Scales sums[SLAB_ROWS][LANES];
} Slab;

// Adds groups `first` to `end` − 1 of `outputs_at_once` rows of weights with `rows` rows of activations.
INLINE void multiply_part(Format format, Slab *slab, uint32_t first, uint32_t end, uint32_t o, uint32_t row, uint32_t rows) {
  Scales *sums[MOST_AT_ONCE];
#pragma GCC unroll 8
  for (uint32_t r = 0; r < rows; r++) sums[r] = slab->sums[row + r] + o;
  char *weight = (char *)tile_group(format, slab->tile, slab->tile_row + o, first);
  const char *of_x = (const char *)x_group(format, slab->op, slab->row + row, first);
  const uint8_t *ahead = slab->tile->ahead;
  uint32_t bytes_a_step = slab->tile->bytes_a_step;
  for (uint32_t g = first; g < end; g++, weight += unpacked_bytes(format), of_x += quantized_bytes(format)) {
    ask_for(ahead, bytes_a_step);
    ahead += bytes_a_step;
    Group *weights[MOST_AT_ONCE];
    const QuantizedGroup *x[MOST_AT_ONCE];
#pragma GCC unroll 8
    for (uint32_t i = 0; i < outputs_at_once(format); i++) {
      weights[i] = (Group *)(weight + i * STRETCH_GROUPS * unpacked_bytes(format));
    }
#pragma GCC unroll 8
    for (uint32_t r = 0; r < rows; r++) x[r] = (const QuantizedGroup *)(of_x + r * STRETCH_GROUPS * quantized_bytes(format));
    add_tile(format, outputs_at_once(format), weights, rows, x, sums);
    // Keeps the sums in the cache between groups: the registers are needed for products.
    __asm__ volatile("" ::: "memory");
  }
  slab->tile->ahead = ahead;
}

INLINE void multiply_slab(Format format, Slab *slab, uint32_t rows) {
  uint32_t groups = groups_of(slab->op->x.columns), at_once = rows_at_once(format), outputs = outputs_at_once(format);
  for (uint32_t first = 0; first < groups; first += STRETCH_GROUPS) {
    uint32_t end = min_u32(first + STRETCH_GROUPS, groups), row = 0;
    for (; row + at_once <= rows; row += at_once) {
      for (uint32_t o = 0; o < LANES; o += outputs) multiply_part(format, slab, first, end, o, row, at_once);
    }
    if (at_once > 2 && row + 2 <= rows) {
      for (uint32_t o = 0; o < LANES; o += outputs) multiply_part(format, slab, first, end, o, row, 2);
      row += 2;
    }
    for (; row < rows; row++) {
      for (uint32_t o = 0; o < LANES; o += outputs) multiply_part(format, slab, first, end, o, row, 1);
    }
  }
}

// How many rows of the weight fit a tile.
INLINE uint32_t tile_rows(Format format, uint32_t columns) {
  return TILE_BYTES / (stretches_of(columns) * STRETCH_GROUPS * unpacked_bytes(format)) / LANES * LANES;
}

INLINE void multiply_many(Format format, const Linear *op, Share outputs, uint32_t rows) {
  _Alignas(64) char groups[TILE_BYTES];
  uint64_t row_bytes = block_row_bytes(format, op->x.columns);
  // With few slabs a tile is hardly read again, and small enough stays in the first-level cache.
  Tile tile = {.groups = groups, .rows = rows <= 2 * SLAB_ROWS ? LANES : tile_rows(format, op->x.columns)};
  for (uint32_t o = outputs.first; o < outputs.end; o += tile.rows) {
    uint32_t count = min_u32(tile.rows, outputs.end - o);
    unpack_rows(format, op, o, count, &tile);
    plan_ahead(format, &tile, op, weight_row(op, o + count, row_bytes), row_bytes);
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
