// One row of x with a weight in tiles: four rows of tiles side by side, so that four streams come from memory at
// once and the hardware's prefetcher follows each.
#pragma once

#include "scaled.h"

#define STREAMS 4

// Adds the products of 32 columns of x with a tile of each stream; y has two halves for each.
INLINE void add_tiles(Format format, Dot dot, uint32_t streams, const uint8_t *const tiles[], v128_t flip,
                      const Activations *x, v128_t y[]) {
  const Layout l = layout_of(format);
  Sums sums[2 * STREAMS];
#pragma unroll
  for (uint32_t part = 0; part < l.parts; part++) {
#pragma unroll
    for (uint32_t h = 0; h < 2 * streams; h++) sums[h] = no_sums();
#pragma unroll
    for (uint32_t k = 0; k < 8 / l.parts; k++) {
      // Low and high halves of the same bytes come one after the other.
      const uint32_t group = l.parts == 2 ? 4 * part + k : l.bits == 8 ? k : k / 2 + 4 * (k % 2);
      v128_t four = four_of(dot, x, group);
#pragma unroll
      for (uint32_t h = 0; h < 2 * streams; h++) {
        v128_t values = values_of(l, tiles[h / 2], h % 2, group);
        if (is_signed(l) && dot == NARROW) values = wasm_v128_xor(values, flip);
        sums[h] = add_products(dot, sums[h], values, four);
        IN_ORDER(sums[h], dot);
      }
      if (dot != PAIRS || (k + 1) % pairs_before_widening(largest_of(l), l.parts)) continue;
#pragma unroll
      for (uint32_t h = 0; h < 2 * streams; h++) sums[h] = widen_pairs(sums[h]);
    }
#pragma unroll
    for (uint32_t h = 0; h < 2 * streams; h++) {
      const uint8_t *tile = tiles[h / 2];
      v128_t offsets = l.has_offset ? offsets_of(l, tile, h % 2, part) : flip;
      y[h] = scaled(l.has_offset, sums_of_rows(dot, sums[h]), scales_of(l, tile, h % 2, part), offsets, x, part, y[h]);
    }
  }
}

// One row of x with `streams` rows of tiles, `step` apart.
INLINE void stream_tiles(Format format, Dot dot, uint32_t streams, const Held *weight, uint32_t first,
                         uint32_t step, const Activations *x, float *y) {
  const uint32_t blocks = weight->columns / TILE_COLUMNS, bytes = tile_bytes(layout_of(format));
  const v128_t flip = flip_of(dot, layout_of(format));
  const uint8_t *tiles[STREAMS];
  v128_t sums[2 * STREAMS];
#pragma unroll
  for (uint32_t s = 0; s < streams; s++) {
    tiles[s] = (const uint8_t *)weight->data + (first + s * step) * blocks * bytes;
    sums[2 * s] = sums[2 * s + 1] = wasm_f32x4_const_splat(0);
  }
  for (uint32_t block = 0; block < blocks; block++, x = activations_after(x, dot == WIDENED, 1)) {
    AS_IT_IS(x);
#pragma unroll
    for (uint32_t s = 0; s < streams; s++) AS_IT_IS(tiles[s]);
    add_tiles(format, dot, streams, tiles, flip, x, sums);
#pragma unroll
    for (uint32_t s = 0; s < streams; s++) tiles[s] += bytes;
  }
#pragma unroll
  for (uint32_t s = 0; s < streams; s++) {
    uint32_t row = TILE_ROWS * (first + s * step);
    store_rows(y + row, weight->rows - row, sums[2 * s], sums[2 * s + 1]);
  }
}

INLINE void one_row(Format format, Dot dot, const Held *weight, const Activations *x, float *y) {
  uint32_t tile_rows = tile_rows_of(weight->rows), step = tile_rows / STREAMS;
  for (uint32_t i = 0; i < step; i++) stream_tiles(format, dot, STREAMS, weight, i, step, x, y);
  for (uint32_t i = STREAMS * step; i < tile_rows; i++) stream_tiles(format, dot, 1, weight, i, 0, x, y);
}

