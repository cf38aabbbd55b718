// Several rows of x with a weight in tiles: a row of tiles is unpacked once into a panel, bytes and f32 scales,
// which stays in the cache while all rows of x pass over it, some at a time.
#pragma once

#include "scaled.h"

// So many rows' sums fit the registers.
#define PANEL_ROWS 4
#define WIDE_PANEL_ROWS 2

// A row of tiles, unpacked: for each tile its bytes, widened for WIDE, vector after vector with both halves of
// each, and for each part and half its scales and, in layouts that have them, its offsets.
INLINE void unpack(Format format, Dot dot, const uint8_t *tile, uint32_t blocks, v128_t *to) {
  const Layout l = layout_of(format);
  const v128_t flip = flip_of(dot, l);
  for (uint32_t block = 0; block < blocks; block++, tile += tile_bytes(l)) {
#pragma unroll
    for (uint32_t k = 0; k < 16; k++) {
      v128_t values = values_of(l, tile, k % 2, k / 2);
      if (dot == WIDE) {
        *to++ = wasm_i16x8_extend_low_i8x16(values);
        *to++ = wasm_i16x8_extend_high_i8x16(values);
      } else {
        *to++ = is_signed(l) && dot == NARROW ? wasm_v128_xor(values, flip) : values;
      }
    }
#pragma unroll
    for (uint32_t k = 0; k < 2 * l.parts; k++) {
      *to++ = scales_of(l, tile, k % 2, k / 2);
      if (l.has_offset) *to++ = offsets_of(l, tile, k % 2, k / 2);
    }
  }
}

// What of a layout still matters in a panel.
typedef struct {
  uint32_t parts;
  bool has_offset;
  uint32_t largest;  // of the values, where that matters
} PanelKind;

// A panel with `count` rows of x, a constant of at most PANEL_ROWS.
INLINE void panel_rows(PanelKind kind, Dot dot, uint32_t count, const v128_t *panel, const Held *weight,
                       uint32_t row, const Activations *x, float *y, uint32_t stride) {
  const uint32_t blocks = weight->columns / TILE_COLUMNS, scales = kind.has_offset ? 2 : 1;
  const uint32_t vectors = dot == WIDE ? 2 : 1, scales_at = 16 * vectors;
  const Activations *at[PANEL_ROWS];
  v128_t totals[2 * PANEL_ROWS];
  Sums sums[2 * PANEL_ROWS];
#pragma unroll
  for (uint32_t r = 0; r < count; r++) {
    at[r] = x + r * blocks;
    totals[2 * r] = totals[2 * r + 1] = wasm_f32x4_const_splat(0);
  }
  for (uint32_t block = 0; block < blocks; block++) {
    AS_IT_IS(panel);
#pragma unroll
    for (uint32_t r = 0; r < count; r++) AS_IT_IS(at[r]);
#pragma unroll
    for (uint32_t part = 0; part < kind.parts; part++) {
#pragma unroll
      for (uint32_t k = 0; k < 2 * count; k++) sums[k] = no_sums();
#pragma unroll
      for (uint32_t k = 0; k < 8 / kind.parts; k++) {
        const uint32_t group = 8 / kind.parts * part + k;
        const v128_t *values = panel + 2 * vectors * group;
        v128_t w[] = {values[0], values[1], values[2 * vectors - 2], values[2 * vectors - 1]};
#pragma unroll
        for (uint32_t r = 0; r < count; r++) {
          v128_t four = four_of(dot, at[r]->q + 4 * group);
#pragma unroll
          for (uint32_t h = 0; h < 2; h++) {
            Sums *sum = sums + 2 * r + h;
            *sum = dot == WIDE ? add_wide_products(*sum, w[2 * h], w[2 * h + 1], four) : add_products(dot, *sum, w[h], four);
            IN_ORDER(*sum, dot);
          }
        }
        if (dot != PAIRS || (k + 1) % pairs_before_widening(kind.largest, kind.parts)) continue;
#pragma unroll
        for (uint32_t i = 0; i < 2 * count; i++) sums[i] = widen_pairs(sums[i]);
      }
      const v128_t *scale = panel + scales_at + 2 * scales * part;
#pragma unroll
      for (uint32_t k = 0; k < 2 * count; k++) {
        const v128_t *own = scale + scales * (k % 2);
        totals[k] = scaled(dot, kind.has_offset, sums[k], own[0], own[scales - 1], at[k / 2], part, totals[k]);
      }
    }
    panel += scales_at + 2 * scales * kind.parts;
#pragma unroll
    for (uint32_t r = 0; r < count; r++) at[r]++;
  }
#pragma unroll
  for (uint32_t r = 0; r < count; r++) {
    store_rows(y + r * stride + row, weight->rows - row, totals[2 * r], totals[2 * r + 1]);
  }
}
