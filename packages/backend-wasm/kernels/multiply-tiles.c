// Products with a weight in tiles.
//
//   y[r, o] = sum over tiles of scale[o] · scale[r] · (start[r] + sum over i of q[o, i] · q[r, i])
//                             + offset[o] · scaled_sum[r]
//
// One row of x: four rows of tiles side by side, so that four streams come from memory at once and the
// hardware's prefetcher follows each. More rows of x: a row of tiles is unpacked once into a panel, bytes
// and f32 scales, which stays in the cache while all rows of x pass over it, four at a time.
//
// Either way the integers are exact and the tiles are added in order, so that a row's result depends
// neither on the rows beside it nor on which way was taken.
#include "dot.h"
#include "multiply.h"

#define STREAMS 4
#define PANEL_ROWS 4

uint32_t dot_range;

KERNEL void set_dot_range(uint32_t range) { dot_range = range; }

// sum + a · b, rounded as this engine does it, always the same way.
INLINE v128_t multiply_add4(v128_t sum, v128_t a, v128_t b) {
#ifdef __wasm_relaxed_simd__
  return wasm_f32x4_relaxed_madd(a, b, sum);
#else
  return wasm_f32x4_add(sum, wasm_f32x4_mul(a, b));
#endif
}

// What the sum of a part is to start from, where the layout has no offsets.
INLINE v128_t start_of(const Activations *x, uint32_t part) {
  return wasm_v128_load32_splat(&x->parts[part].start);
}

// y + scale · scale[r] · sum + offset · scaled_sum, for the four rows of a half. `offsets` counts if there are.
INLINE v128_t scaled(Dot dot, bool has_offset, Sums sums, v128_t scales, v128_t offsets, const Activations *x,
                     uint32_t part, v128_t y) {
  v128_t total = sums_of_rows(dot, sums);
  if (!has_offset) total = wasm_i32x4_add(total, start_of(x, part));
  v128_t both = wasm_f32x4_mul(scales, wasm_v128_load32_splat(&x->scale));
  y = multiply_add4(y, wasm_f32x4_convert_i32x4(total), both);
  return has_offset ? multiply_add4(y, offsets, wasm_v128_load32_splat(&x->parts[part].scaled_sum)) : y;
}

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
      v128_t four = four_of(dot, x->q + 4 * group);
#pragma unroll
      for (uint32_t h = 0; h < 2 * streams; h++) {
        v128_t values = values_of(l, tiles[h / 2], h % 2, group);
        if (is_signed(l) && dot == NARROW) values = wasm_v128_xor(values, flip);
        sums[h] = add_products(dot, sums[h], values, four);
        IN_ORDER(sums[h], dot);
      }
    }
#pragma unroll
    for (uint32_t h = 0; h < 2 * streams; h++) {
      const uint8_t *tile = tiles[h / 2];
      v128_t offsets = l.has_offset ? offsets_of(l, tile, h % 2, part) : flip;
      y[h] = scaled(dot, l.has_offset, sums[h], scales_of(l, tile, h % 2, part), offsets, x, part, y[h]);
    }
  }
}

// The last rows of a weight may not fill a tile.
INLINE void store_rows(float *y, uint32_t rows, v128_t first, v128_t second) {
  if (rows >= TILE_ROWS) {
    wasm_v128_store(y, first);
    wasm_v128_store(y + 4, second);
    return;
  }
  float values[TILE_ROWS];
  wasm_v128_store(values, first);
  wasm_v128_store(values + 4, second);
  for (uint32_t row = 0; row < rows; row++) y[row] = values[row];
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
  for (uint32_t block = 0; block < blocks; block++) {
    add_tiles(format, dot, streams, tiles, flip, x + block, sums);
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

// A row of tiles, unpacked: for each tile its bytes, vector after vector with both halves of each, and for
// each part and half its scales and, in layouts that have them, its offsets.
INLINE void unpack(Format format, Dot dot, const uint8_t *tile, uint32_t blocks, v128_t *to) {
  const Layout l = layout_of(format);
  const v128_t flip = flip_of(dot, l);
  for (uint32_t block = 0; block < blocks; block++, tile += tile_bytes(l)) {
#pragma unroll
    for (uint32_t k = 0; k < 16; k++) {
      v128_t values = values_of(l, tile, k % 2, k / 2);
      *to++ = is_signed(l) && dot == NARROW ? wasm_v128_xor(values, flip) : values;
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
} PanelKind;

// A panel with `count` rows of x, a constant of at most PANEL_ROWS.
INLINE void panel_rows(PanelKind kind, Dot dot, uint32_t count, const v128_t *panel, const Held *weight,
                       uint32_t row, const Activations *x, float *y, uint32_t stride) {
  const uint32_t blocks = weight->columns / TILE_COLUMNS, scales = kind.has_offset ? 2 : 1;
  const Activations *at[PANEL_ROWS];
  v128_t totals[2 * PANEL_ROWS];
  Sums sums[2 * PANEL_ROWS];
#pragma unroll
  for (uint32_t r = 0; r < count; r++) {
    at[r] = x + r * blocks;
    totals[2 * r] = totals[2 * r + 1] = wasm_f32x4_const_splat(0);
  }
  for (uint32_t block = 0; block < blocks; block++) {
#pragma unroll
    for (uint32_t part = 0; part < kind.parts; part++) {
#pragma unroll
      for (uint32_t k = 0; k < 2 * count; k++) sums[k] = no_sums();
#pragma unroll
      for (uint32_t k = 0; k < 8 / kind.parts; k++) {
        const uint32_t group = 8 / kind.parts * part + k;
        v128_t halves[] = {panel[2 * group], panel[2 * group + 1]};
#pragma unroll
        for (uint32_t r = 0; r < count; r++) {
          v128_t four = four_of(dot, at[r]->q + 4 * group);
          sums[2 * r] = add_products(dot, sums[2 * r], halves[0], four);
          sums[2 * r + 1] = add_products(dot, sums[2 * r + 1], halves[1], four);
          IN_ORDER(sums[2 * r], dot);
          IN_ORDER(sums[2 * r + 1], dot);
        }
      }
      const v128_t *scale = panel + 16 + 2 * scales * part;
#pragma unroll
      for (uint32_t k = 0; k < 2 * count; k++) {
        const v128_t *own = scale + scales * (k % 2);
        totals[k] = scaled(dot, kind.has_offset, sums[k], own[0], own[scales - 1], at[k / 2], part, totals[k]);
      }
    }
    panel += 16 + 2 * scales * kind.parts;
#pragma unroll
    for (uint32_t r = 0; r < count; r++) at[r]++;
  }
#pragma unroll
  for (uint32_t r = 0; r < count; r++) {
    store_rows(y + r * stride + row, weight->rows - row, totals[2 * r], totals[2 * r + 1]);
  }
}

// Everything above with its constants filled in. Each is a function of its own: engines compile those of
// moderate size best.
typedef void OneRow(const Held *weight, const Activations *x, float *y);
typedef void Unpack(const uint8_t *tile, uint32_t blocks, v128_t *to);
typedef void PanelRows(const v128_t *panel, const Held *weight, uint32_t row, const Activations *x, float *y,
                       uint32_t stride);

typedef struct {
  PanelRows *one, *two, *four;
} Panel;

typedef struct {
  OneRow *one_row;
  Unpack *unpack;
  const Panel *panel;
} TileKernels;

#define PANEL_ROWS_OF(name, count, dot, ...)                                                             \
  static void name##_##count(const v128_t *panel, const Held *weight, uint32_t row, const Activations *x, \
                             float *y, uint32_t stride) {                                                \
    panel_rows((PanelKind){__VA_ARGS__}, dot, count, panel, weight, row, x, y, stride);                  \
  }

#define PANEL(name, dot, ...)                  \
  PANEL_ROWS_OF(name, 1, dot, __VA_ARGS__)     \
  PANEL_ROWS_OF(name, 2, dot, __VA_ARGS__)     \
  PANEL_ROWS_OF(name, 4, dot, __VA_ARGS__)     \
  static const Panel name = {name##_1, name##_2, name##_4};

#define TILE_KERNELS(name, format, dot, panel_kernels)                                                  \
  static void name##_one_row(const Held *weight, const Activations *x, float *y) {                      \
    one_row(format, dot, weight, x, y);                                                                 \
  }                                                                                                     \
  static void name##_unpack(const uint8_t *tile, uint32_t blocks, v128_t *to) {                         \
    unpack(format, dot, tile, blocks, to);                                                              \
  }                                                                                                     \
  static const TileKernels name = {name##_one_row, name##_unpack, &panel_kernels};

#ifdef __wasm_relaxed_simd__
#define UNSIGNED_DOT NARROW
PANEL(wide, WIDE, 1, false)
#else
#define UNSIGNED_DOT WIDE
#define wide scaled_panel
#endif

PANEL(scaled_panel, UNSIGNED_DOT, 1, false)
PANEL(offset_panel, UNSIGNED_DOT, 1, true)
PANEL(parts_panel, UNSIGNED_DOT, 2, false)
PANEL(offset_parts_panel, UNSIGNED_DOT, 2, true)

TILE_KERNELS(q4_0, Q4_0, UNSIGNED_DOT, scaled_panel)
TILE_KERNELS(q4_1, Q4_1, UNSIGNED_DOT, offset_panel)
TILE_KERNELS(q5_0, Q5_0, UNSIGNED_DOT, scaled_panel)
TILE_KERNELS(q5_1, Q5_1, UNSIGNED_DOT, offset_panel)
TILE_KERNELS(q2_k, Q2_K, UNSIGNED_DOT, offset_parts_panel)
TILE_KERNELS(q3_k, Q3_K, UNSIGNED_DOT, parts_panel)
TILE_KERNELS(q4_k, Q4_K, UNSIGNED_DOT, offset_panel)
TILE_KERNELS(q5_k, Q5_K, UNSIGNED_DOT, offset_panel)
TILE_KERNELS(q6_k, Q6_K, UNSIGNED_DOT, parts_panel)
TILE_KERNELS(mxfp4, MXFP4, UNSIGNED_DOT, scaled_panel)
TILE_KERNELS(wide_q8_0, Q8_0, WIDE, wide)
TILE_KERNELS(wide_iq4_nl, IQ4_NL, WIDE, wide)

#ifdef __wasm_relaxed_simd__
TILE_KERNELS(narrow_q8_0, Q8_0, NARROW, scaled_panel)
TILE_KERNELS(narrow_iq4_nl, IQ4_NL, NARROW, scaled_panel)
#else
#define narrow_q8_0 wide_q8_0
#define narrow_iq4_nl wide_iq4_nl
#endif

static const TileKernels *kernels_of(Format format) {
  switch (format) {
    case Q4_0: return &q4_0;
    case Q4_1: return &q4_1;
    case Q5_0: return &q5_0;
    case Q5_1: return &q5_1;
    case Q2_K: return &q2_k;
    case Q3_K: return &q3_k;
    case Q4_K: return &q4_k;
    case Q5_K: return &q5_k;
    case Q6_K: return &q6_k;
    case MXFP4: return &mxfp4;
    case IQ4_NL: return narrow_takes_signed() ? &narrow_iq4_nl : &wide_iq4_nl;
    default: return narrow_takes_signed() ? &narrow_q8_0 : &wide_q8_0;
  }
}

void multiply_tiles(const Held *weight, Rows x, float *y, uint32_t stride, void *panel) {
  const TileKernels *kernels = kernels_of(weight->format);
  const Activations *rows = x.data;
  if (x.rows == 1) return kernels->one_row(weight, rows, y);
  uint32_t blocks = weight->columns / TILE_COLUMNS;
  uint32_t row_bytes = blocks * tile_bytes(layout_of(weight->format));
  const Panel *run = kernels->panel;
  for (uint32_t i = 0; i < tile_rows_of(weight->rows); i++) {
    uint32_t first = TILE_ROWS * i, r = 0;
    kernels->unpack((const uint8_t *)weight->data + i * row_bytes, blocks, panel);
    for (; r + 4 <= x.rows; r += 4) run->four(panel, weight, first, rows + r * blocks, y + r * stride, stride);
    for (; r + 2 <= x.rows; r += 2) run->two(panel, weight, first, rows + r * blocks, y + r * stride, stride);
    if (r < x.rows) run->one(panel, weight, first, rows + r * blocks, y + r * stride, stride);
  }
}
