// Several rows of x with a weight in tiles: a row of tiles is unpacked once into a panel, bytes and f32 scales,
// which stays in the cache while all rows of x pass over it, some at a time.
#pragma once

#include "scaled.h"

// So many rows' sums fit the registers.
#define PANEL_ROWS 4
#define WIDE_PANEL_ROWS 2

// A row of tiles, unpacked: for each tile its bytes, vector after vector with both halves of each, and for each part
// and half its scales and, in layouts that have them, its offsets. For WIDE and WIDENED bytes are widened: the first
// vector has rows 0 and 1 for WIDE, and the first two columns of all for WIDENED, so that both add to one sum.
INLINE void unpack(Format format, Dot dot, const uint8_t *tile, uint32_t blocks, v128_t *to) {
  const Layout l = layout_of(format);
  const v128_t flip = flip_of(dot, l);
  const bool is_widened = dot == WIDENED;
  for (uint32_t block = 0; block < blocks; block++, tile += tile_bytes(l)) {
#pragma unroll
    for (uint32_t k = 0; k < 16; k++) {
      v128_t values = values_of(l, tile, k % 2, k / 2);
      if (dot == WIDE || is_widened) {
        v128_t low = wasm_i16x8_extend_low_i8x16(values), high = wasm_i16x8_extend_high_i8x16(values);
        *to++ = is_widened ? wasm_i32x4_shuffle(low, high, 0, 2, 4, 6) : low;
        *to++ = is_widened ? wasm_i32x4_shuffle(low, high, 1, 3, 5, 7) : high;
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
  const uint32_t vectors = dot == WIDE || dot == WIDENED ? 2 : 1, scales_at = 16 * vectors;
  const Activations *at[PANEL_ROWS];
  v128_t totals[2 * PANEL_ROWS];
  Sums sums[2 * PANEL_ROWS];
#pragma unroll
  for (uint32_t r = 0; r < count; r++) {
    at[r] = activations_after(x, dot == WIDENED, r * blocks);
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
          // For WIDENED two columns and the other two.
          const int16_t *pairs = at[r]->q.widened + 4 * group;
          v128_t four = dot == WIDENED ? wasm_v128_load32_splat(pairs) : four_of(dot, at[r], group);
          v128_t others = dot == WIDENED ? wasm_v128_load32_splat(pairs + 2) : four;
#pragma unroll
          for (uint32_t h = 0; h < 2; h++) {
            Sums *sum = sums + 2 * r + h;
            if (dot == WIDENED) {
              sum->first = wasm_i32x4_add(sum->first, wasm_i32x4_dot_i16x8(w[2 * h], four));
              IN_ORDER(*sum, NARROW);
              sum->first = wasm_i32x4_add(sum->first, wasm_i32x4_dot_i16x8(w[2 * h + 1], others));
              IN_ORDER(*sum, NARROW);
            } else {
              if (dot == WIDE) *sum = add_wide_products(*sum, w[2 * h], w[2 * h + 1], four);
              else *sum = add_products(dot, *sum, w[h], four);
              IN_ORDER(*sum, dot);
            }
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
        v128_t total = dot == WIDENED ? sums[k].first : sums_of_rows(dot, sums[k]);
        totals[k] = scaled(kind.has_offset, total, own[0], own[scales - 1], at[k / 2], part, totals[k]);
      }
    }
    panel += scales_at + 2 * scales * kind.parts;
#pragma unroll
    for (uint32_t r = 0; r < count; r++) at[r] = activations_after(at[r], dot == WIDENED, 1);
  }
#pragma unroll
  for (uint32_t r = 0; r < count; r++) {
    store_rows(y + r * stride + row, weight->rows - row, totals[2 * r], totals[2 * r + 1]);
  }
}
